//! The files that the pages need, inside the binary. Their addresses carry a hash of their content, so that a browser
//! may keep them for good.

/// A file that a page refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Under this path; with the content's hash, so that another content has another path.
    pub path: &'static str,
    pub content_type: &'static str,
    pub body: &'static str,
}

/// How long a browser may keep an asset: as long as caches keep anything.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// The files of the pages.
pub static ASSETS: [Asset; 3] = [STYLE, SCRIPT, ICON];

const STYLE_BODY: &str = include_str!("../../assets/inn.css");
const SCRIPT_BODY: &str = include_str!("../../assets/live.js");
const ICON_BODY: &str = include_str!("../../assets/lantern.svg");

const STYLE_PATH: Path = Path::new("/assets/inn.", STYLE_BODY, ".css");
const SCRIPT_PATH: Path = Path::new("/assets/live.", SCRIPT_BODY, ".js");
const ICON_PATH: Path = Path::new("/assets/lantern.", ICON_BODY, ".svg");

/// How the pages look.
pub const STYLE: Asset = Asset { path: STYLE_PATH.text(), content_type: "text/css; charset=utf-8", body: STYLE_BODY };
/// What makes the status page live.
pub const SCRIPT: Asset =
    Asset { path: SCRIPT_PATH.text(), content_type: "text/javascript; charset=utf-8", body: SCRIPT_BODY };
/// The lantern in the browser's tab.
pub const ICON: Asset = Asset { path: ICON_PATH.text(), content_type: "image/svg+xml", body: ICON_BODY };

/// The asset with exactly this path.
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

/// The asset's strong entity tag.
pub fn etag(asset: &Asset) -> String {
    format!("\"{:016x}\"", hash(asset.body.as_bytes()))
}

/// FNV-1a, 64 bits: it tells versions of our own files apart, and guards nothing.
const fn hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        index += 1;
    }
    hash
}

/// A path made of a name, the content's hash and an ending, at compile time.
struct Path {
    bytes: [u8; Path::LENGTH_MAX],
    length: usize,
}

impl Path {
    const LENGTH_MAX: usize = 64;

    const fn new(name: &str, content: &str, ending: &str) -> Self {
        let mut path = Self { bytes: [0; Self::LENGTH_MAX], length: 0 };
        path.push(name.as_bytes());
        let hash = hash(content.as_bytes());
        let mut digit = 0;
        while digit < 16 {
            let nibble = (hash >> (60 - 4 * digit)) as usize & 15;
            path.push(&[b"0123456789abcdef"[nibble]]);
            digit += 1;
        }
        path.push(ending.as_bytes());
        path
    }

    const fn push(&mut self, bytes: &[u8]) {
        let mut index = 0;
        while index < bytes.len() {
            self.bytes[self.length] = bytes[index];
            self.length += 1;
            index += 1;
        }
    }

    const fn text(&'static self) -> &'static str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => panic!("names and endings of assets are ASCII"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_by_its_hashed_path_alone() {
        assert!(STYLE.path.starts_with("/assets/inn.") && STYLE.path.ends_with(".css"), "{}", STYLE.path);
        assert_eq!(find(STYLE.path), Some(&STYLE));
        assert_eq!(find("/assets/inn.css"), None);
        assert!(STYLE.path.contains(etag(&STYLE).trim_matches('"')));
    }

    #[test]
    fn no_asset_asks_another_server_for_anything() {
        for asset in &ASSETS {
            let body = asset.body.replace("http://www.w3.org/2000/svg", "");
            assert!(!body.contains("://") && !body.contains("@import"), "{}", asset.path);
        }
    }
}
