//! Drawing: a description becomes SVG, the SVG pixels, the pixels a PNG. Pure work of the processor, some milliseconds
//! of it.

use askama::Template;
use png::{BitDepth, ColorType, Encoder, Filter};
use resvg::tiny_skia::{FillRule, FilterQuality, Paint, PathBuilder, Pattern, Pixmap, SpreadMode, Transform};

use super::fonts::{Fitted, Fonts, Wanted};
use super::words;
use crate::model::picture::{Bars, Card, Line, Picture, WHOLE};

/// The side of a face, in pixels.
pub const FACE_SIDE: u32 = 176;
/// Where the middle of a card's face is.
const FACE_AT: f32 = 141.0;
/// From a card's left edge to its words, and their room.
const WORDS_WIDTH: f32 = 632.0;
/// The thickness of a card's bar: with less of a length its ends are no half circles.
const BAR_HEIGHT: f32 = 32.0;
const ROWS_MAX: usize = 10;
const ROW_HEIGHT: usize = 44;
const ROW_BAR: (f32, f32) = (270.0, 22.0);
const LINE_POINTS_MAX: usize = 1_000;
const LINE_MARKS_MAX: usize = 5;
/// The field of a line: left, right, top, bottom.
const FIELD: (f32, f32, f32, f32) = (168.0, 894.0, 100.0, 296.0);
/// How light a colour has to be, of 255, to be read as words on a card's ground.
const LIGHT_MIN: u32 = 130;
/// Grounds for initials, on which white can be read.
const SHADES: [&str; 8] = ["#7a4a63", "#4a5f8a", "#3f7065", "#7d5a36", "#5f4f8d", "#3c6d86", "#86493f", "#5b6b3a"];

/// The picture as a PNG; none where it cannot be drawn. `face` is the member's, of [`FACE_SIDE`].
pub fn png(fonts: &Fonts, picture: &Picture, face: Option<&Pixmap>) -> Option<Vec<u8>> {
    let svg = match picture {
        Picture::Card(card) => card_svg(fonts, card, face.is_none()),
        Picture::Bars(bars) => bars_svg(fonts, bars),
        Picture::Line(line) => line_svg(fonts, line),
    };
    let tree = fonts.read(&svg?)?;
    let mut pixels = Pixmap::new(tree.size().width() as u32, tree.size().height() as u32)?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    if let (Picture::Card(_), Some(face)) = (picture, face) {
        put_face(&mut pixels, face)?;
    }
    encode(pixels)
}

/// The pixels as a PNG. One way to filter all rows takes a fifth of the time of trying out every way on each row, and
/// pictures as flat as ours become no larger by it.
fn encode(pixels: Pixmap) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, pixels.width(), pixels.height());
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_filter(Filter::Sub);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels.take_demultiplied()).ok()?;
    writer.finish().ok()?;
    Some(file)
}

/// A decoded avatar, as large as it is shown.
pub fn shrink(avatar: &Pixmap) -> Option<Pixmap> {
    let mut face = Pixmap::new(FACE_SIDE, FACE_SIDE)?;
    let (x, y) = (FACE_SIDE as f32 / avatar.width() as f32, FACE_SIDE as f32 / avatar.height() as f32);
    // The middle of what is not square.
    let scale = x.max(y);
    let off = |side: u32| (FACE_SIDE as f32 - side as f32 * scale) / 2.0;
    let shown = Transform::from_row(scale, 0.0, 0.0, scale, off(avatar.width()), off(avatar.height()));
    let paint = resvg::tiny_skia::PixmapPaint { quality: FilterQuality::Bilinear, ..Default::default() };
    face.draw_pixmap(0, 0, avatar.as_ref(), &paint, shown, None);
    Some(face)
}

fn put_face(pixels: &mut Pixmap, face: &Pixmap) -> Option<()> {
    let radius = FACE_SIDE as f32 / 2.0;
    let circle = PathBuilder::from_circle(FACE_AT, FACE_AT, radius)?;
    let place = Transform::from_translate(FACE_AT - radius, FACE_AT - radius);
    let shader = Pattern::new(face.as_ref(), SpreadMode::Pad, FilterQuality::Nearest, 1.0, place);
    let paint = Paint { shader, anti_alias: true, ..Paint::default() };
    pixels.fill_path(&circle, &paint, FillRule::Winding, Transform::identity(), None);
    Some(())
}

#[derive(Template)]
#[template(path = "card.svg")]
struct CardSvg<'c> {
    colour: &'c str,
    /// For words.
    bright: &'c str,
    shade: &'c str,
    initials: &'c Fitted,
    note: &'c Fitted,
    facts: &'c [(String, String)],
    name: &'c Fitted,
    left: &'c str,
    right: &'c str,
    bar: f32,
}

fn card_svg(fonts: &Fonts, card: &Card, faceless: bool) -> Option<String> {
    let name = words::name(&card.name);
    let initials = if faceless { words::initials(&name) } else { String::new() };
    let note = words::tidy(&card.note);
    // The width of the facts, as near as the note needs it: they are letters and digits of our own.
    let facts: Vec<_> = card.facts.iter().map(|(label, value)| (words::tidy(label), words::tidy(value))).collect();
    let chars = |text: &str| text.chars().count() as f32;
    let taken: f32 = facts.iter().map(|(label, value)| 18.0 * chars(label) + 26.0 * chars(value) + 30.0).sum();
    let wanted = |text, size, size_min, room| Wanted { text, size, size_min, room };
    let [name, initials, note] = fonts.fit([
        wanted(&name, 52.0, 30.0, WORDS_WIDTH),
        wanted(&initials, 84.0, 24.0, 140.0),
        wanted(&note, 24.0, 18.0, (WORDS_WIDTH - taken).max(120.0)),
    ]);
    let svg = CardSvg {
        colour: &colour(card.colour),
        bright: &colour(readable(card.colour)),
        shade: SHADES[(card.user.get().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61) as usize % SHADES.len()],
        initials: &initials,
        note: &note,
        facts: &facts,
        name: &name,
        left: &words::tidy(&card.below.0),
        right: &words::tidy(&card.below.1),
        bar: bar(card.progress, WORDS_WIDTH, BAR_HEIGHT),
    };
    svg.render().ok()
}

#[derive(Template)]
#[template(path = "bars.svg")]
struct BarsSvg<'b> {
    height: usize,
    colour: &'b str,
    bright: &'b str,
    title: &'b Fitted,
    rows: Vec<Row>,
}

struct Row {
    y: usize,
    place: String,
    name: Fitted,
    bar: f32,
    value: String,
}

fn bars_svg(fonts: &Fonts, bars: &Bars) -> Option<String> {
    let title = words::tidy(&bars.title);
    let shown = bars.rows.iter().take(ROWS_MAX);
    let names: Vec<_> = shown.clone().map(|row| words::name(&row.name)).collect();
    let mut wanted = vec![Wanted { text: &title, size: 32.0, size_min: 22.0, room: 850.0 }];
    wanted.extend(names.iter().map(|name| Wanted { text: name, size: 22.0, size_min: 18.0, room: 250.0 }));
    let mut fitted = fonts.fit_many(&wanted).into_iter();
    let title = fitted.next()?;
    let rows = shown.zip(fitted).enumerate().map(|(nth, (row, name))| Row {
        y: 122 + nth * ROW_HEIGHT,
        place: words::tidy(&row.place),
        name,
        bar: bar(row.share, ROW_BAR.0, ROW_BAR.1),
        value: words::tidy(&row.value),
    });
    let rows: Vec<_> = rows.collect();
    let height = 116 + rows.len() * ROW_HEIGHT;
    let (plain, bright) = (colour(bars.colour), colour(readable(bars.colour)));
    BarsSvg { height, colour: &plain, bright: &bright, title: &title, rows }.render().ok()
}

#[derive(Template)]
#[template(path = "line.svg")]
struct LineSvg<'l> {
    colour: &'l str,
    title: &'l Fitted,
    marks: Vec<(f32, String)>,
    from: &'l str,
    to: &'l str,
    path: &'l str,
    area: &'l str,
}

fn line_svg(fonts: &Fonts, line: &Line) -> Option<String> {
    let (left, right, top, bottom) = FIELD;
    let points = &line.points[..line.points.len().min(LINE_POINTS_MAX)];
    let marks = &line.marks[..line.marks.len().min(LINE_MARKS_MAX)];
    let amounts = || points.iter().map(|(_, amount)| *amount).chain(marks.iter().map(|(amount, _)| *amount));
    let (low, high) = (amounts().min()?, amounts().max()?);
    let (begin, end) = (points.first()?.0, points.last()?.0);
    let share = |value: i64, from: i64, to: i64| match to - from {
        0 => 0.5,
        whole => ((value - from) as f64 / whole as f64) as f32,
    };
    let x = |at: i64| left + (right - left) * share(at, begin, end);
    let y = |amount: i64| bottom - (bottom - top) * share(amount, low, high);
    let mut path = String::new();
    for (nth, (at, amount)) in points.iter().enumerate() {
        path.push_str(&format!("{}{:.1} {:.1}", if nth == 0 { 'M' } else { 'L' }, x(*at), y(*amount)));
    }
    // A single point is a line from edge to edge.
    if begin == end {
        path = format!("M{left} {0:.1}H{right}", y(points.last()?.1));
    }
    let area = match begin == end {
        true => format!("{path}V{bottom}H{left}Z"),
        false => format!("{path}L{right} {bottom}L{left} {bottom}Z"),
    };
    let title = words::tidy(&line.title);
    let [title] = fonts.fit([Wanted { text: &title, size: 32.0, size_min: 22.0, room: 850.0 }]);
    let svg = LineSvg {
        colour: &colour(line.colour),
        title: &title,
        marks: marks.iter().map(|(amount, words)| (y(*amount), words::tidy(words))).collect(),
        from: &words::tidy(&line.ends.0),
        to: &words::tidy(&line.ends.1),
        path: &path,
        area: &area,
    };
    svg.render().ok()
}

/// The length of a bar that is not empty: never shorter than it is thick.
fn bar(share: u16, length: f32, thickness: f32) -> f32 {
    match share.min(WHOLE) {
        0 => 0.0,
        share => (length * f32::from(share) / f32::from(WHOLE)).max(thickness),
    }
}

fn colour(rgb: u32) -> String {
    format!("#{:06x}", rgb & 0xff_ffff)
}

/// The colour, or as much lighter as words need.
fn readable(rgb: u32) -> u32 {
    let parts = [16, 8, 0].map(|shift| rgb >> shift & 0xff);
    // Source: ITU-R BT.601, luma, in thousandths.
    let light = (parts[0] * 299 + parts[1] * 587 + parts[2] * 114) / 1_000;
    let missing = LIGHT_MIN.saturating_sub(light);
    let lighter = parts.map(|part| part + (255 - part) * missing / (255 - light.min(254)));
    lighter.into_iter().fold(0, |rgb, part| rgb << 8 | part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_never_darker_than_can_be_read() {
        for bright in [0x9F_B3_C8, 0xF0_7F_6E, 0xff_ffff] {
            assert_eq!(readable(bright), bright);
        }
        assert_eq!((readable(0), readable(0xff)), (0x82_8282, 0x71_71ff));
    }
}
