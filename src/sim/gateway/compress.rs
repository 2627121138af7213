//! How frames are packed: plain text, one zlib stream for the whole connection, or zlib for each frame.

use axum::extract::ws::Message;
use flate2::{Compress, Compression, FlushCompress, Status};

/// How much room a compressed frame is given at a time.
const ROOM_BYTES: usize = 16 * 1024;

/// Packs the frames of one connection.
pub(super) enum Packer {
    Plain,
    /// `compress=zlib-stream`: one context, flushed after every frame.
    Stream(Box<Compress>),
    /// `"compress": true` in IDENTIFY: every frame by itself.
    EachFrame,
}

impl Packer {
    pub fn stream() -> Self {
        Self::Stream(Box::new(Compress::new(Compression::fast(), true)))
    }

    /// The frame that carries this text.
    pub fn pack(&mut self, text: String) -> Message {
        match self {
            Self::Plain => Message::text(text),
            Self::Stream(context) => Message::binary(deflate(context, text.as_bytes(), FlushCompress::Sync)),
            Self::EachFrame => {
                let mut context = Compress::new(Compression::fast(), true);
                Message::binary(deflate(&mut context, text.as_bytes(), FlushCompress::Finish))
            }
        }
    }
}

fn deflate(context: &mut Compress, mut input: &[u8], flush: FlushCompress) -> Vec<u8> {
    let mut output = Vec::with_capacity(ROOM_BYTES.min(input.len() / 2 + 64));
    loop {
        let before = context.total_in();
        let room = output.capacity() - output.len();
        let status = context.compress_vec(input, &mut output, flush);
        let taken = (context.total_in() - before) as usize;
        input = input.get(taken..).unwrap_or_default();
        let is_full = output.len() == output.capacity();
        match status {
            Ok(Status::StreamEnd) | Err(_) => return output,
            Ok(_) if input.is_empty() && !is_full => return output,
            Ok(_) => {}
        }
        if room == 0 || is_full {
            output.reserve(ROOM_BYTES);
        }
    }
}
