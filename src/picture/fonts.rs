//! The fonts that pictures are drawn with: ours for Latin, Greek, Cyrillic, Arabic and Hebrew, and for other scripts
//! one each of the system's, where it has one. What no font has is drawn as a box.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use flate2::read::ZlibDecoder;
use fontdb::{Database, FaceInfo, Source, Style};
use resvg::usvg::{FontResolver, ImageHrefResolver, Options, Tree};
use skrifa::{FontRef, MetadataProvider};

use super::words;

/// As `build.rs` packed them: that is half, and mostly nobody asks for a picture at once.
const PACKED: [&[u8]; 4] = [
    include_bytes!(concat!(env!("OUT_DIR"), "/NotoSans-Regular.ttf.zlib")),
    include_bytes!(concat!(env!("OUT_DIR"), "/NotoSans-Bold.ttf.zlib")),
    include_bytes!(concat!(env!("OUT_DIR"), "/NotoSansArabic-Bold.ttf.zlib")),
    include_bytes!(concat!(env!("OUT_DIR"), "/NotoSansHebrew-Bold.ttf.zlib")),
];
static UNPACKED: OnceLock<[Arc<Vec<u8>>; 4]> = OnceLock::new();
const FAMILY: &str = "Noto Sans";
/// Where a system keeps its fonts. Those of the user who runs us are not looked at: a service has none.
const FOLDERS: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];
/// A character of each script that people's names are written in; of the system's fonts the best one for each is used.
const SCRIPTS: [char; 18] =
    ['漢', 'あ', '한', 'ㄅ', 'ก', 'अ', 'ক', 'த', 'త', 'ქ', 'Ա', 'አ', 'ខ', 'မ', '😀', '★', '♥', 'ᚠ'];
/// Faces of the system that are looked at.
const SYSTEM_FACES_MAX: usize = 4_000;
/// The weight of names.
const BOLD: u16 = 700;
/// Times that a text is made shorter before it is left to be cut off.
const ROUNDS_MAX: usize = 4;

/// Fonts, and what follows from them. Ours are in the binary; for the system's its folders are looked through, and that
/// waits for the first letter that ours do not have.
pub struct Fonts {
    ours: Options<'static>,
    folders: Vec<PathBuf>,
    /// Ours, and the best of those in the folders.
    all: OnceLock<Options<'static>>,
}

/// A text of a picture, and what room it has.
pub struct Wanted<'t> {
    pub text: &'t str,
    /// In pixels, as it should be and as small as it may become.
    pub size: f32,
    pub size_min: f32,
    pub room: f32,
}

/// A text that fits, set in its fonts.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    text: String,
    pub size: f32,
    pub width: f32,
    /// From left to right.
    pub runs: Vec<Run>,
}

/// A piece of a text that one font can write.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub family: String,
    pub text: String,
    /// Where it begins, from where the text begins.
    pub x: f32,
}

impl Fonts {
    /// Ours alone: the same pictures on every computer.
    pub fn bundled() -> Self {
        Self::with_those_in([])
    }

    /// Ours and the system's.
    pub fn with_systems() -> Self {
        Self::with_those_in(FOLDERS.map(Path::new))
    }

    /// Ours and the best of those in these folders.
    pub fn with_those_in<'f>(folders: impl IntoIterator<Item = &'f Path>) -> Self {
        let folders = folders.into_iter().map(Path::to_owned).collect();
        Self { ours: options(bundled()), folders, all: OnceLock::new() }
    }

    /// The SVG with its texts turned into shapes.
    pub fn read(&self, svg: &str) -> Option<Tree> {
        Tree::from_str(svg, self.all.get().unwrap_or(&self.ours)).ok()
    }

    /// Makes bold texts fit: smaller as far as that may go, then shorter, with an ellipsis.
    pub fn fit<const N: usize>(&self, wanted: [Wanted<'_>; N]) -> [Fitted; N] {
        let mut fitted = wanted.each_ref().map(|wanted| self.set(wanted.text.to_owned(), wanted.size));
        self.fit_all(&wanted, &mut fitted);
        fitted
    }

    /// As [`Fonts::fit`], for any number.
    pub fn fit_many(&self, wanted: &[Wanted<'_>]) -> Vec<Fitted> {
        let mut fitted: Vec<_> = wanted.iter().map(|wanted| self.set(wanted.text.to_owned(), wanted.size)).collect();
        self.fit_all(wanted, &mut fitted);
        fitted
    }

    fn fit_all(&self, wanted: &[Wanted<'_>], fitted: &mut [Fitted]) {
        let mut open: Vec<usize> = (0..wanted.len()).collect();
        for _ in 0..ROUNDS_MAX {
            self.measure(fitted, &open);
            open.retain(|at| fitted[*at].width > wanted[*at].room);
            if open.is_empty() {
                return;
            }
            for at in &open {
                let (text, size) = tighten(&wanted[*at], &fitted[*at]);
                fitted[*at] = self.set(text, size);
            }
        }
        self.measure(fitted, &open);
    }

    fn set(&self, text: String, size: f32) -> Fitted {
        Fitted { runs: self.runs(&text), text, size, width: 0.0 }
    }

    /// Splits a text where its letters need another font than ours. The drawing would look for fonts by itself, but
    /// gives up where another font writes the same text with more or fewer shapes, as those of emoji and of India do.
    fn runs(&self, text: &str) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for letter in text.chars() {
            let joined = runs.last_mut().filter(|_| words::joins(letter));
            if let Some(run) = joined {
                run.text.push(letter);
                continue;
            }
            let family = self.family_of(letter);
            match runs.last_mut() {
                Some(run) if run.family == family => run.text.push(letter),
                _ => runs.push(Run { family, text: letter.to_string(), x: 0.0 }),
            }
        }
        if text.chars().find(|letter| letter.is_alphabetic()).is_some_and(words::is_right_to_left) {
            runs.reverse();
        }
        runs
    }

    /// The family of the first font that has a letter; ours for all that is bundled, and where no font has it.
    fn family_of(&self, letter: char) -> String {
        if letter.is_ascii() || find_with(&self.ours.fontdb, letter).is_some() || self.folders.is_empty() {
            return FAMILY.to_owned();
        }
        let all = self.all.get_or_init(|| options(with_the_best_in(&self.folders)));
        let found = find_with(&all.fontdb, letter).and_then(|face| face.families.first());
        found.map_or(FAMILY, |(name, _)| name).to_owned()
    }

    /// Finds out how wide these texts are, and where their runs begin. All are bold.
    fn measure(&self, fitted: &mut [Fitted], which: &[usize]) {
        use askama::Template;
        let texts: Vec<&Fitted> = which.iter().map(|at| &fitted[*at]).collect();
        let svg = Ruler { texts: &texts }.render().unwrap_or_default();
        let Some(tree) = self.read(&svg) else { return };
        for (nth, at) in which.iter().enumerate() {
            let text = &mut fitted[*at];
            text.width = 0.0;
            for (number, run) in text.runs.iter_mut().enumerate() {
                run.x = text.width;
                let node = tree.node_by_id(&format!("t{nth}r{number}"));
                text.width += node.map_or(0.0, |node| node.bounding_box().width());
            }
        }
    }
}

/// Texts below each other, to be measured.
#[derive(askama::Template)]
#[template(path = "ruler.svg")]
struct Ruler<'t> {
    texts: &'t [&'t Fitted],
}

/// The next try for a text that was too wide.
fn tighten(wanted: &Wanted<'_>, tried: &Fitted) -> (String, f32) {
    let share = wanted.room / tried.width;
    let size = (tried.size * share).floor();
    if size >= wanted.size_min {
        return (tried.text.clone(), size);
    }
    // As much as would fit at the smallest size, and a letter less for the ellipsis.
    let chars = tried.text.chars().count() as f32;
    let kept = (chars * share * tried.size / wanted.size_min - 1.0).floor().min(chars - 2.0).max(1.0);
    let kept: String = tried.text.chars().take(kept as usize).collect();
    (format!("{}…", kept.trim_end_matches(['…', ' ', '\u{200d}'])), wanted.size_min)
}

fn options(fonts: Database) -> Options<'static> {
    // Nothing that a picture names is ever fetched or read.
    let nothing = ImageHrefResolver { resolve_data: Box::new(|_, _, _| None), resolve_string: Box::new(|_, _| None) };
    Options {
        font_family: FAMILY.to_owned(),
        fontdb: Arc::new(fonts),
        font_resolver: FontResolver::default(),
        image_href_resolver: nothing,
        ..Options::default()
    }
}

/// The first face that has a letter.
fn find_with(fonts: &Database, letter: char) -> Option<&FaceInfo> {
    fonts.faces().find(|face| {
        let has = |font: FontRef<'_>| font.charmap().map(letter).is_some();
        fonts.with_face_data(face.id, |data, index| FontRef::from_index(data, index).is_ok_and(has)) == Some(true)
    })
}

fn with_the_best_in(folders: &[PathBuf]) -> Database {
    let mut fonts = bundled();
    let mut system = Database::new();
    folders.iter().for_each(|folder| system.load_fonts_dir(folder));
    for face in best_of(&system) {
        fonts.push_face_info(face);
    }
    fonts
}

fn bundled() -> Database {
    let mut fonts = Database::new();
    for font in UNPACKED.get_or_init(|| PACKED.map(unpacked)) {
        fonts.load_font_source(Source::Binary(font.clone()));
    }
    fonts.set_sans_serif_family(FAMILY);
    fonts.set_serif_family(FAMILY);
    fonts
}

fn unpacked(packed: &[u8]) -> Arc<Vec<u8>> {
    let mut font = Vec::new();
    if let Err(error) = ZlibDecoder::new(packed).read_to_end(&mut font) {
        tracing::error!(%error, "a font of our own cannot be unpacked");
    }
    Arc::new(font)
}

/// For each script the upright face that has it and whose weight is nearest to bold; each face once.
fn best_of(system: &Database) -> Vec<FaceInfo> {
    let mut best: [Option<&FaceInfo>; SCRIPTS.len()] = [None; SCRIPTS.len()];
    let off = |face: &FaceInfo| (face.weight.0.abs_diff(BOLD), face.monospaced);
    for face in system.faces().filter(|face| face.style == Style::Normal).take(SYSTEM_FACES_MAX) {
        let has = system.with_face_data(face.id, |data, index| {
            let letters = FontRef::from_index(data, index).ok()?.charmap();
            Some(SCRIPTS.map(|letter| letters.map(letter).is_some()))
        });
        let has = has.flatten().unwrap_or_default();
        for (best, _) in best.iter_mut().zip(has).filter(|(_, has)| *has) {
            if best.is_none_or(|known| off(face) < off(known)) {
                *best = Some(face);
            }
        }
    }
    let mut faces: Vec<FaceInfo> = Vec::new();
    for face in best.into_iter().flatten() {
        // A name that cannot be quoted is not worth the trouble.
        let is_plain = face.families.iter().all(|(name, _)| !name.contains(['\'', '\\', '"']));
        if is_plain && !faces.iter().any(|known| known.id == face.id) {
            faces.push(face.clone());
        }
    }
    faces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_fonts_are_looked_for_once_there_is_a_letter_that_ours_do_not_have() {
        let fonts = Fonts::with_those_in([Path::new("/there/is/no/such/folder")]);
        let fit = |text: &str| fonts.fit([Wanted { text, size: 30.0, size_min: 20.0, room: 500.0 }]);
        fit("Ada Ωμέγα Ж محمد שלום");
        assert!(fonts.all.get().is_none());
        let [strange] = fit("Ada 漢");
        assert!(fonts.all.get().is_some());
        assert_eq!(strange.runs.len(), 1, "where no font has it, ours draws a box");
    }
}
