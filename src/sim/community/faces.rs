//! Faces for people who do not exist: patterns of a few squares, the same for the same number, as PNGs.
//!
//! Source: W3C, "Portable Network Graphics (PNG) Specification" (a picture of palette entries, one byte each).

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

/// Squares in a row and in a column; the right half mirrors the left one.
const SQUARES: usize = 6;
/// The side of a square in pixels.
const SQUARE: usize = 24;
const SIDE: usize = SQUARES * SQUARE;
/// Ground and ink, by turns.
const COLOURS: [[u8; 6]; 6] = [
    [0x2f, 0x3e, 0x46, 0xf2, 0xc1, 0x4e],
    [0xe8, 0xe1, 0xd3, 0x7a, 0x4a, 0x63],
    [0x1f, 0x2a, 0x44, 0x7c, 0xc6, 0xa4],
    [0xf4, 0xd9, 0xc6, 0x3f, 0x70, 0x65],
    [0x3a, 0x2e, 0x39, 0xf0, 0x7f, 0x6e],
    [0xdb, 0xe7, 0xf0, 0x4a, 0x5f, 0x8a],
];

/// The hash of a face, as Discord writes one, and its file.
pub fn face(number: u64) -> (String, Vec<u8>) {
    let mut dice = fastrand::Rng::with_seed(number);
    let hash = format!("{:016x}{:016x}", dice.u64(..), dice.u64(..));
    let colours = COLOURS[dice.usize(..COLOURS.len())];
    let ink: Vec<bool> = (0..SQUARES * SQUARES / 2).map(|_| dice.bool()).collect();
    let mut pixels = Vec::with_capacity(SIDE * (SIDE + 1));
    for y in 0..SIDE {
        // Each line begins with its filter: none.
        pixels.push(0);
        pixels.extend((0..SIDE).map(|x| {
            let column = (x / SQUARE).min(SQUARES - 1 - x / SQUARE);
            u8::from(ink[y / SQUARE * (SQUARES / 2) + column])
        }));
    }
    (hash, png(&colours, &pixels))
}

fn png(colours: &[u8], pixels: &[u8]) -> Vec<u8> {
    let side = (SIDE as u32).to_be_bytes();
    let mut head = [side, side].concat();
    head.extend([8, 3, 0, 0, 0]);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    let _ = packed.write_all(pixels);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [
        (b"IHDR", head),
        (b"PLTE", colours.to_vec()),
        (b"IDAT", packed.finish().unwrap_or_default()),
        (b"IEND", Vec::new()),
    ] {
        let mut crc = Crc::new();
        crc.update(name);
        crc.update(&content);
        file.extend((content.len() as u32).to_be_bytes());
        file.extend(name);
        file.extend(&content);
        file.extend(crc.sum().to_be_bytes());
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use resvg::tiny_skia::Pixmap;

    #[test]
    fn a_face_is_a_picture_and_the_same_again() {
        let (hash, file) = face(7);
        let picture = Pixmap::decode_png(&file).unwrap();
        assert_eq!((picture.width() as usize, picture.height() as usize, hash.len()), (SIDE, SIDE, 32));
        assert!(file.len() < 2_000 && face(7) == (hash, file.clone()) && face(8).1 != file);
    }
}
