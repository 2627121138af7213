//! A line on the terminal for what takes long. Nothing is shown to a file, and nothing for what is over at once.

use std::io::{IsTerminal, Read, Write};
use std::time::{Duration, Instant};

/// What is done by then needs no line.
const SHOWN_AFTER: Duration = Duration::from_secs(2);
const REDRAWN_EVERY: Duration = Duration::from_millis(200);
const CELLS: usize = 30;

pub struct Progress {
    label: &'static str,
    /// None: nobody knows.
    all: Option<usize>,
    done: usize,
    begun: Instant,
    drawn: Option<Instant>,
    terminal: bool,
}

impl Progress {
    pub fn new(label: &'static str, all: usize) -> Self {
        Self { all: Some(all), ..Self::open(label) }
    }

    /// Of something that has no known end.
    pub fn open(label: &'static str) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { label, all: None, done: 0, begun: Instant::now(), drawn: None, terminal }
    }

    /// So much is done.
    pub fn at(&mut self, done: usize) {
        self.done = done;
        let now = Instant::now();
        let is_time = match self.drawn {
            None => now - self.begun >= SHOWN_AFTER,
            Some(drawn) => now - drawn >= REDRAWN_EVERY,
        };
        if self.terminal && is_time {
            self.drawn = Some(now);
            let Some(all) = self.all else {
                let _ = write!(std::io::stderr(), "\r{}: {}", self.label, self.done);
                return;
            };
            let part = (self.done as f64 / all.max(1) as f64).min(1.0);
            let full = (part * CELLS as f64) as usize;
            let bar = format!("{}{}", "#".repeat(full), ".".repeat(CELLS - full));
            let _ = write!(std::io::stderr(), "\r{} [{bar}] {:3.0} %", self.label, part * 100.0);
        }
    }

    /// Takes the line away.
    pub fn end(&mut self) {
        if self.drawn.take().is_some() {
            let _ = write!(std::io::stderr(), "\r{}\r", " ".repeat(CELLS + 32));
        }
    }

    /// A reader whose bytes count.
    pub fn follow<R: Read>(&mut self, reader: R) -> impl Read {
        Followed { reader, progress: self }
    }
}

struct Followed<'p, R> {
    reader: R,
    progress: &'p mut Progress,
}

impl<R: Read> Read for Followed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.progress.at(self.progress.done + read);
        Ok(read)
    }
}
