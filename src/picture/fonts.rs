//! The fonts that pictures are drawn with: ours for Latin, Greek, Cyrillic, Arabic and Hebrew, and for other scripts
//! one each of the system's, where it has one. What no font has is drawn as a box.

use std::path::PathBuf;
use std::sync::Arc;

use fontdb::{Database, FaceInfo, Source, Style};
use resvg::usvg::{FontResolver, ImageHrefResolver, Options, Tree};
use skrifa::{FontRef, MetadataProvider};

const BUNDLED: [&[u8]; 4] = [
    include_bytes!("../../assets/fonts/NotoSans-Regular.ttf"),
    include_bytes!("../../assets/fonts/NotoSans-Bold.ttf"),
    include_bytes!("../../assets/fonts/NotoSansArabic-Bold.ttf"),
    include_bytes!("../../assets/fonts/NotoSansHebrew-Bold.ttf"),
];
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

/// Fonts, and what follows from them. They do not change once they are loaded.
pub struct Fonts {
    options: Options<'static>,
}

/// A text of a picture, and what room it has.
pub struct Wanted<'t> {
    pub text: &'t str,
    /// In pixels, as it should be and as small as it may become.
    pub size: f32,
    pub size_min: f32,
    pub room: f32,
}

/// A text that fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub text: String,
    pub size: f32,
}

impl Fonts {
    /// Ours alone: the same pictures on every computer.
    pub fn bundled() -> Self {
        Self::over(bundled())
    }

    /// Ours and the system's.
    pub fn with_systems() -> Self {
        let mut fonts = bundled();
        let mut system = Database::new();
        FOLDERS.iter().map(PathBuf::from).for_each(|folder| system.load_fonts_dir(folder));
        for face in best_of(&system) {
            fonts.push_face_info(face);
        }
        Self::over(fonts)
    }

    fn over(fonts: Database) -> Self {
        // Nothing that a picture names is ever fetched or read.
        let nothing =
            ImageHrefResolver { resolve_data: Box::new(|_, _, _| None), resolve_string: Box::new(|_, _| None) };
        let options = Options {
            font_family: FAMILY.to_owned(),
            fontdb: Arc::new(fonts),
            font_resolver: FontResolver::default(),
            image_href_resolver: nothing,
            ..Options::default()
        };
        Self { options }
    }

    /// The SVG with its texts turned into shapes.
    pub fn read(&self, svg: &str) -> Option<Tree> {
        Tree::from_str(svg, &self.options).ok()
    }

    /// Makes bold texts fit: smaller as far as that may go, then shorter, with an ellipsis.
    pub fn fit<const N: usize>(&self, wanted: [Wanted<'_>; N]) -> [Fitted; N] {
        let mut fitted = wanted.each_ref().map(|wanted| Fitted { text: wanted.text.to_owned(), size: wanted.size });
        self.fit_all(&wanted, &mut fitted);
        fitted
    }

    /// As [`Fonts::fit`], for any number.
    pub fn fit_many(&self, wanted: &[Wanted<'_>]) -> Vec<Fitted> {
        let whole = |wanted: &Wanted<'_>| Fitted { text: wanted.text.to_owned(), size: wanted.size };
        let mut fitted: Vec<_> = wanted.iter().map(whole).collect();
        self.fit_all(wanted, &mut fitted);
        fitted
    }

    fn fit_all(&self, wanted: &[Wanted<'_>], fitted: &mut [Fitted]) {
        let mut open: Vec<usize> = (0..wanted.len()).collect();
        for _ in 0..ROUNDS_MAX {
            let widths = self.widths(open.iter().map(|at| &fitted[*at]));
            let measured: Vec<_> = open.drain(..).zip(widths).collect();
            for (at, width) in measured {
                if width > wanted[at].room {
                    fitted[at] = tighten(&wanted[at], &fitted[at], width);
                    open.push(at);
                }
            }
            if open.is_empty() {
                return;
            }
        }
    }

    /// How wide bold texts are.
    fn widths<'t>(&self, texts: impl Iterator<Item = &'t Fitted> + Clone) -> Vec<f32> {
        use askama::Template;
        let texts: Vec<_> = texts.collect();
        let svg = Ruler { texts: &texts, weight: BOLD }.render().unwrap_or_default();
        let Some(tree) = self.read(&svg) else { return vec![0.0; texts.len()] };
        let width = |nth: usize| tree.node_by_id(&format!("t{nth}")).map_or(0.0, |node| node.bounding_box().width());
        (0..texts.len()).map(width).collect()
    }
}

/// Texts below each other, to be measured.
#[derive(askama::Template)]
#[template(
    ext = "svg",
    source = r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"
    font-family="Noto Sans" font-weight="{{ weight }}">
{% for text in texts %}<text id="t{{ loop.index0 }}" font-size="{{ text.size }}">{{ text.text }}</text>{% endfor %}
</svg>"#
)]
struct Ruler<'t> {
    texts: &'t [&'t Fitted],
    weight: u16,
}

/// The next try for a text that was too wide.
fn tighten(wanted: &Wanted<'_>, tried: &Fitted, width: f32) -> Fitted {
    let share = wanted.room / width;
    let size = (tried.size * share).floor();
    if size >= wanted.size_min {
        return Fitted { text: tried.text.clone(), size };
    }
    // As much as would fit at the smallest size, and a letter less for the ellipsis.
    let chars = tried.text.chars().count() as f32;
    let kept = (chars * share * tried.size / wanted.size_min - 1.0).floor().min(chars - 2.0).max(1.0);
    let kept: String = tried.text.chars().take(kept as usize).collect();
    Fitted { text: format!("{}…", kept.trim_end_matches(['…', ' ', '\u{200d}'])), size: wanted.size_min }
}

fn bundled() -> Database {
    let mut fonts = Database::new();
    for font in BUNDLED {
        fonts.load_font_source(Source::Binary(Arc::new(font)));
    }
    fonts.set_sans_serif_family(FAMILY);
    fonts.set_serif_family(FAMILY);
    fonts
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
        if !faces.iter().any(|known| known.id == face.id) {
            faces.push(face.clone());
        }
    }
    faces
}
