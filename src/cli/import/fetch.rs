//! `--fetch`: a board is read from where the other bot shows it, page by page and as slowly as that bot likes. Each
//! page is kept as a file, so that what was broken off goes on from its page, and nothing is asked for twice.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Stop;
use super::progress::Progress;
use crate::import::{Answer, Board, PAGE_BYTES_MAX, Verdict};

/// How often a page is asked for.
const TRIES_MAX: u32 = 6;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long an answer may take as a whole.
const WHOLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Some servers turn away what names itself in no usual way.
const USER_AGENT: &str = concat!("Mozilla/5.0 (compatible; Innkeeper/", env!("CARGO_PKG_VERSION"), ")");

/// How slowly pages are asked for. Tests shorten it; nothing else changes it.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two pages.
    pub between: Duration,
    /// Before a page is asked for again, where the other side does not say how long; it doubles.
    pub again_first: Duration,
    /// The longest wait; who asks for more is not waited for.
    pub wait_max: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let [between, again_first, wait_max] = [1, 15, 600].map(Duration::from_secs);
        Self { between, again_first, wait_max }
    }
}

/// What is fetched, and where to.
pub struct Fetch {
    pub board: Board,
    /// The address without a path.
    pub address: String,
    /// The folder that keeps the pages.
    pub folder: PathBuf,
    /// The page to begin at; those before it are in the folder.
    pub first: usize,
    pub pace: Pace,
}

struct Got {
    status: u16,
    retry_after: Option<String>,
    body: Vec<u8>,
}

impl Fetch {
    /// Fetches all pages that are missing, and returns the files of all of them.
    pub async fn run(&self) -> Result<Vec<PathBuf>, Stop> {
        self.prepare()?;
        let client = self.client().map_err(|error| Stop::failed(format!("TLS cannot be set up: {}", words(error))))?;
        let mut progress = Progress::open("fetched members");
        let (mut members, mut last) = (0, Vec::new());
        for page in self.first..self.board.pages_max() {
            if page > self.first {
                tokio::time::sleep(self.pace.between).await;
            }
            let (rows, is_last, body) = self.page(&client, page).await.map_err(|words| self.stopped(page, &words))?;
            if rows > 0 && body == last {
                return Err(self.stopped(page, "it is the page before it once more"));
            }
            self.keep(page, &body)?;
            members += rows;
            progress.at(members);
            if is_last {
                progress.end();
                return self.finish(page);
            }
            last = body;
        }
        Err(Stop::failed("the board has more pages than any community has members for"))
    }

    /// A page, asked for again for as long as that makes sense.
    async fn page(&self, client: &reqwest::Client, page: usize) -> Result<(usize, bool, Vec<u8>), String> {
        let mut wait = self.pace.again_first;
        for nth in 1.. {
            let (after, words) = match self.ask(client, page).await {
                Ok(got) => {
                    let Got { status, retry_after, body } = got;
                    let answer = Answer { status, retry_after: retry_after.as_deref(), body: &body };
                    match self.board.judge(answer) {
                        Verdict::Page { rows, is_last } => return Ok((rows, is_last, body)),
                        Verdict::Never(words) => return Err(words),
                        Verdict::Later { after, words } => (after, words),
                    }
                }
                Err(error) => (None, words(error)),
            };
            let pause = after.unwrap_or(wait);
            if nth == TRIES_MAX {
                return Err(format!("{words}, {TRIES_MAX} times"));
            }
            if pause > self.pace.wait_max {
                return Err(format!("{words}, and to come back in {} minutes", pause.as_secs().div_ceil(60)));
            }
            eprintln!("page {page}: {words}; asking again in {} s", pause.as_secs());
            tokio::time::sleep(pause).await;
            wait = (wait * 2).min(self.pace.wait_max);
        }
        Err(String::new())
    }

    /// Asks once.
    async fn ask(&self, client: &reqwest::Client, page: usize) -> Result<Got, reqwest::Error> {
        let address = format!("{}{}", self.address, self.board.path(page));
        let mut answer = client.get(address).header("accept", "application/json").send().await?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            // What is cut off is no JSON any more, and is told as that.
            if body.len() + chunk.len() > PAGE_BYTES_MAX {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Got { status, retry_after, body })
    }

    fn client(&self) -> Result<reqwest::Client, reqwest::Error> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(WHOLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        if ["//127.", "//localhost", "//[::1]"].iter().any(|near| self.address.contains(near)) {
            client = client.no_proxy();
        }
        client.build()
    }

    /// The folder, with the pages that are said to be there.
    fn prepare(&self) -> Result<(), Stop> {
        let shown = self.folder.display();
        if let Some(missing) = (0..self.first).find(|page| !self.file(*page).is_file()) {
            let words = format!("page {missing} is not in {shown}, so the fetch cannot go on at page {}", self.first);
            return Err(Stop::usage(words));
        }
        std::fs::create_dir_all(&self.folder).map_err(|error| Stop::failed(format!("cannot make {shown}: {error}")))
    }

    /// Keeps a page as a whole or not at all.
    fn keep(&self, page: usize, body: &[u8]) -> Result<(), Stop> {
        let (file, new) = (self.file(page), self.folder.join("page.new"));
        let kept = std::fs::write(&new, body).and_then(|()| std::fs::rename(&new, &file));
        kept.map_err(|error| Stop::failed(format!("cannot write {}: {error}", file.display())))
    }

    /// All pages, without what an earlier, longer board has left behind.
    fn finish(&self, last: usize) -> Result<Vec<PathBuf>, Stop> {
        for page in last + 1.. {
            let Err(error) = std::fs::remove_file(self.file(page)) else { continue };
            if error.kind() == std::io::ErrorKind::NotFound {
                break;
            }
            return Err(Stop::failed(format!("cannot remove {}: {error}", self.file(page).display())));
        }
        Ok((0..=last).map(|page| self.file(page)).collect())
    }

    fn file(&self, page: usize) -> PathBuf {
        self.folder.join(format!("page-{page}.json"))
    }

    fn stopped(&self, page: usize, words: &str) -> Stop {
        let again = match page {
            0 => String::new(),
            _ => format!(" The pages before it are in {}: go on with --page {page}.", self.folder.display()),
        };
        Stop::failed(format!("page {page} of {} did not come: {}.{again}", self.address, words.trim_end_matches('.')))
    }
}

/// An address as it is used: `http` or `https`, a host, and nothing that would end up in the middle of a path.
pub fn address(given: &str) -> Result<String, String> {
    let given = given.trim_end_matches('/');
    let rest = given.strip_prefix("https://").or_else(|| given.strip_prefix("http://")).unwrap_or_default();
    if rest.is_empty() || rest.starts_with('/') || rest.contains(['?', '#', '@', ' ']) {
        return Err("an address is written as https://example.org".to_owned());
    }
    Ok(given.to_owned())
}

/// The folder for the pages of a board, unless it is said otherwise.
pub fn usual_folder(board: Board) -> PathBuf {
    match board {
        Board::Mee6(guild) => Path::new(&format!("mee6-{guild}")).to_owned(),
        Board::Hub => PathBuf::from("hub-pages"),
    }
}

fn words(error: reqwest::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words
}

#[cfg(test)]
mod tests;
