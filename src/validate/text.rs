//! What a text must be, for every field: names and titles of one line, posts and messages of many.
//!
//! Everything here comes from Unicode's own properties. What they do not say is in
//! [`LOOKS_EMPTY`]. `docs/text.md` has the rules with examples.

use app::text::{self, BYTES_EACH, NAME_MAX, TEXT_MAX};
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        BidiControl, CanonicalCombiningClass, DefaultIgnorableCodePoint, EmojiPresentation,
        ExtendedPictographic, GeneralCategory, GeneralCategoryGroup, Ideographic,
        IndicConjunctBreak, JoiningType, PrependedConcatenationMark, Script, VariationSelector,
        WhiteSpace,
    },
};

/// Symbols and letters that show nothing, although no property says so: the blank of Braille, the
/// head of no note, and two blanks between hieroglyphs.
const LOOKS_EMPTY: [char; 4] = ['\u{2800}', '\u{1D159}', '\u{13441}', '\u{13442}'];
/// What makes a pattern of a name, and not a letter: more marks of all scripts than this on one.
const MARKS_MAX: usize = 3;
/// The same for the marks of scripts that stack them.
const SCRIPT_MARKS_MAX: usize = 6;
/// Ends a flag that is spelled in tags.
const END_OF_TAGS: char = '\u{E007F}';

const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();

/// A name or a title as it is stored, or the code of what is wrong with it.
pub(super) fn line(typed: &str) -> Result<String, &'static str> {
    let text = NFC.normalize(typed.trim());
    if is_empty(&text) {
        Err("required")
    } else if is_longer(&text, NAME_MAX) {
        Err("too_long")
    } else if disturbs(&text) {
        Err("control_characters")
    } else if stacks(&text) {
        Err("too_many_marks")
    } else {
        Ok(text.into_owned())
    }
}

/// A post or a message as it is stored, or the code of what is wrong with it.
pub(super) fn prose(typed: &str) -> Result<String, &'static str> {
    let text = text::prose(&NFC.normalize(typed));
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
    {
        return Err("control_characters");
    }
    let text = text::balanced(&text);
    let text = without_hidden(&text);
    if is_empty(&text) {
        Err("required")
    } else if is_longer(&text, TEXT_MAX) {
        Err("too_long")
    } else {
        Ok(text)
    }
}

/// Whether a text is longer than `most` characters, or much larger than they ever are.
fn is_longer(text: &str, most: usize) -> bool {
    text.len() > most * BYTES_EACH || text::count(text) > most
}

/// Whether a text shows nothing: it is made of spaces, marks without a letter, and characters that
/// are invisible, private or none at all.
fn is_empty(text: &str) -> bool {
    let blank = GeneralCategoryGroup::Separator
        .union(GeneralCategoryGroup::Other)
        .union(GeneralCategoryGroup::Mark);
    text.chars().all(|c| {
        blank.contains(category(c))
            || has::<DefaultIgnorableCodePoint>(c)
            || has::<WhiteSpace>(c)
            || LOOKS_EMPTY.contains(&c)
    })
}

/// Whether a name would turn, break or hide the line that it stands in, or hides something itself.
fn disturbs(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let flag = flag(&chars[at..]);
        if flag > 0 {
            at += flag;
            continue;
        }
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1).copied();
        let allowed = match category(c) {
            GeneralCategory::Control
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator => false,
            _ if has::<BidiControl>(c) => false,
            _ if has::<DefaultIgnorableCodePoint>(c) => joins(before, c, after),
            GeneralCategory::Format => has::<PrependedConcatenationMark>(c),
            _ => true,
        };
        if !allowed {
            return true;
        }
        at += 1;
    }
    false
}

/// How many characters make a flag that is spelled in tags: a black flag, two letters of a country,
/// up to three of a part of it, and the end.
fn flag(chars: &[char]) -> usize {
    if chars.first() != Some(&'\u{1F3F4}') {
        return 0;
    }
    let tag = |c: &&char| matches!(**c, '\u{E0030}'..='\u{E0039}' | '\u{E0061}'..='\u{E007A}');
    let tags = chars[1..].iter().take_while(tag).count();
    if (3..=6).contains(&tags) && chars.get(1 + tags) == Some(&END_OF_TAGS) {
        tags + 2
    } else {
        0
    }
}

/// Whether an invisible character has its place here: where scripts and pictures need it.
fn joins(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match c {
        '\u{200D}' => joins_pictures(before, after) || joins_letters(before, after),
        '\u{200C}' => separates_letters(before, after),
        // Mongolian chooses the forms of its letters so.
        '\u{180B}'..='\u{180F}' => script(before) == Script::Mongolian,
        // A picture, or a digit on a key.
        '\u{FE0E}' | '\u{FE0F}' => is_picture(before) || after == Some('\u{20E3}'),
        _ if has::<VariationSelector>(c) => {
            has::<Ideographic>(before)
                || category(before) == GeneralCategory::MathSymbol
                || matches!(
                    script(before),
                    Script::Myanmar | Script::PhagsPa | Script::Manichaean
                )
        }
        _ => false,
    }
}

/// Families, professions and the like.
fn joins_pictures(before: char, after: Option<char>) -> bool {
    let begins =
        is_picture(before) || before == '\u{FE0F}' || matches!(before, '\u{1F3FB}'..='\u{1F3FF}');
    begins && after.is_some_and(is_picture)
}

/// In scripts of India a joiner shapes what a virama joins, and in Arabic ones it stands after a
/// letter that is shown as if another followed.
fn joins_letters(before: char, after: Option<char>) -> bool {
    shapes(before, after)
        || matches!(
            joining(before),
            JoiningType::DualJoining | JoiningType::LeftJoining
        )
}

/// The joiner that keeps letters apart: after a virama, and between letters that would join.
fn separates_letters(before: char, after: Option<char>) -> bool {
    let joined = |c: char| {
        let joining = joining(c);
        joining == JoiningType::DualJoining
            || joining == JoiningType::RightJoining
            || joining == JoiningType::LeftJoining
    };
    let begins = joined(before) || is_mark(before) && joining(before) == JoiningType::Transparent;
    shapes(before, after) || begins && after.is_some_and(joined)
}

fn shapes(before: char, after: Option<char>) -> bool {
    let conjunct = CodePointMapData::<IndicConjunctBreak>::new();
    let virama = CodePointMapData::<CanonicalCombiningClass>::new().get(before)
        == CanonicalCombiningClass::Virama;
    let repha = conjunct.get(before) == IndicConjunctBreak::Consonant
        && after.is_some_and(|after| conjunct.get(after) == IndicConjunctBreak::Linker);
    virama || repha
}

/// Whether a letter carries so many marks that they reach over the lines around it.
fn stacks(text: &str) -> bool {
    let (mut marks, mut common) = (0, 0);
    text.chars().any(|c| {
        if !is_mark(c) {
            (marks, common) = (0, 0);
            return false;
        }
        marks += 1;
        common += usize::from(script(c) == Script::Inherited);
        common > MARKS_MAX || marks > SCRIPT_MARKS_MAX
    })
}

/// A post keeps what it is written with, except for what only hides something: tags that are no
/// flag, annotations, and controls that Unicode advises against.
fn without_hidden(text: &str) -> String {
    let hidden = |c: char| matches!(c, '\u{206A}'..='\u{206F}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}');
    if !text.chars().any(hidden) {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let flag = flag(&chars[at..]);
        let taken = flag.max(1);
        if flag > 0 || !hidden(chars[at]) {
            kept.extend(&chars[at..at + taken]);
        }
        at += taken;
    }
    kept
}

/// A mark that has no width of its own.
fn is_mark(c: char) -> bool {
    matches!(
        category(c),
        GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
    )
}

fn is_picture(c: char) -> bool {
    has::<ExtendedPictographic>(c) || has::<EmojiPresentation>(c)
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

fn joining(c: char) -> JoiningType {
    CodePointMapData::<JoiningType>::new().get(c)
}

fn has<P: icu_properties::props::BinaryProperty>(c: char) -> bool {
    CodePointSetData::new::<P>().contains(c)
}

#[cfg(test)]
mod tests;
