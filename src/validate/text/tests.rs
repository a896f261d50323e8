use super::*;

#[test]
fn names_of_all_scripts_are_taken_as_they_are() {
    for name in [
        "x",
        "O'Brien-Łukasz",
        "名前",
        "שם עם רווח",
        "شَهْرَزَاد",
        "קָמַץ",
        "Nguyễn Thị Ánh",
        "नेहा क्षितिज",
        "தமிழ்",
        "র‍্যাব",
        "ക്‍ഷ",
        "می‌خواهم",
        "ه‍.ق",
        "ที่รัก",
        "བསྒྲུབས",
        "ᠮᠣᠩᠭᠣᠯ᠋",
        "葛\u{E0100}城",
        "👩‍👩‍👧",
        "👍🏽 👩🏽‍🚀 ❤️‍🔥 🏳️‍🌈",
        "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
        "1️⃣",
        "🇩🇪",
        "山田\u{3000}太郎",
        "42",
        "…",
        "a\u{302}\u{323}",
    ] {
        let kept = line(name).unwrap_or_else(|code| panic!("{name}: {code}"));
        assert_eq!(kept, NFC.normalize(name), "{name}");
    }
    assert_eq!(line("  Ana\u{A0} ").as_deref(), Ok("Ana"));
}

#[test]
fn one_letter_has_one_spelling() {
    assert_eq!(line("Jose\u{301}").as_deref(), Ok("José"));
    assert_eq!(line("\u{1112}\u{1161}\u{11AB}").as_deref(), Ok("한"));
    assert_eq!(line("\u{212B}").as_deref(), Ok("Å"));
    assert_eq!(prose("cafe\u{301}").as_deref(), Ok("café"));
}

#[test]
fn what_shows_nothing_is_empty() {
    for c in [
        '\u{20}',
        '\u{A0}',
        '\u{AD}',
        '\u{34F}',
        '\u{61C}',
        '\u{115F}',
        '\u{1160}',
        '\u{1680}',
        '\u{17B4}',
        '\u{180E}',
        '\u{2000}',
        '\u{200B}',
        '\u{200C}',
        '\u{200D}',
        '\u{200E}',
        '\u{202F}',
        '\u{205F}',
        '\u{2060}',
        '\u{2064}',
        '\u{2066}',
        '\u{206A}',
        '\u{2800}',
        '\u{3000}',
        '\u{3164}',
        '\u{FE0F}',
        '\u{FEFF}',
        '\u{FFA0}',
        '\u{FFF9}',
        '\u{E000}',
        '\u{F8FF}',
        '\u{301}',
        '\u{488}',
        '\u{93E}',
        '\u{20E3}',
        '\u{378}',
        '\u{FFFF}',
        '\u{1D159}',
        '\u{1D173}',
        '\u{1BCA0}',
        '\u{13441}',
        '\u{E0001}',
        '\u{E0041}',
        '\u{E0100}',
        '\u{F0000}',
        '\u{10FFFD}',
        '\u{16FE4}',
    ] {
        for text in [c.to_string(), format!("{c}{c} {c}")] {
            assert_eq!(line(&text), Err("required"), "{text:?}");
            assert_eq!(prose(&text), Err("required"), "{text:?}");
        }
    }
    assert_eq!(line(""), Err("required"));
    assert_eq!(prose(" \n\t\n"), Err("required"));
    assert_eq!(prose("\u{E0041}\u{E007F}"), Err("required"));
}

#[test]
fn a_name_cannot_turn_or_hide_what_stands_beside_it() {
    for name in [
        "a\0b",
        "a\nb",
        "a\tb",
        "a\u{7F}b",
        "a\u{85}b",
        "a\u{61C}b",
        "a\u{200E}b",
        "a\u{200F}",
        "a\u{202A}b\u{202C}",
        "a\u{202E}b",
        "a\u{2066}b\u{2069}",
        "a\u{2028}b",
        "a\u{2029}b",
        "a\u{200B}b",
        "a\u{200C}b",
        "a\u{200D}b",
        "\u{200D}a",
        "a\u{AD}b",
        "a\u{34F}b",
        "a\u{2060}b",
        "a\u{FEFF}b",
        "a\u{FE0F}b",
        "a\u{E0100}",
        "a\u{115F}",
        "a\u{3164}b",
        "a\u{FFF9}b\u{FFFA}c\u{FFFB}",
        "a\u{E0061}\u{E0062}",
        "a\u{E0001}",
        "🏴\u{E0067}\u{E0062}",
        "🏴\u{E0067}\u{E007F}",
        "😀\u{E0067}\u{E0062}\u{E0065}\u{E007F}",
        "👩\u{200D}",
        "👩\u{200D}a",
        "👩\u{200D}\u{200D}👧",
        "❤\u{FE0F}\u{FE0F}",
        "क\u{200D}",
        "سلا\u{200C}",
        "\u{1BCA0}a",
    ] {
        assert_eq!(line(name), Err("control_characters"), "{name:?}");
    }
}

#[test]
fn a_name_does_not_reach_over_other_lines() {
    for mark in [
        '\u{305}', '\u{489}', '\u{20DD}', '\u{E49}', '\u{5B8}', '\u{64E}', '\u{F72}',
    ] {
        let name = format!("z{}", String::from(mark).repeat(12));
        assert_eq!(line(&name), Err("too_many_marks"), "{mark:?}");
    }
    assert!(prose(&format!("z{}", "\u{305}".repeat(12))).is_ok());
}

#[test]
fn limits_count_what_people_see() {
    for one in [
        "a",
        "ä",
        "e\u{323}\u{302}\u{304}",
        "🦊",
        "👩‍👩‍👧‍👦",
        "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
        "क्षि",
        "👩🏽‍🚀",
    ] {
        assert!(line(&one.repeat(50)).is_ok(), "{one}");
        assert_eq!(line(&one.repeat(51)), Err("too_long"), "{one}");
        assert!(prose(&one.repeat(2_000)).is_ok(), "{one}");
        assert_eq!(prose(&one.repeat(2_001)), Err("too_long"), "{one}");
    }
    // What is one character to the eye may still be too large.
    let huge = format!("a{}", "\u{301}".repeat(1_000));
    assert_eq!(line(&huge), Err("too_long"));
    assert_eq!(
        prose(&format!("a{}", "\u{301}".repeat(40_000))),
        Err("too_long")
    );
    assert_eq!(
        prose(&format!("\n{}\r\n", "ä".repeat(2_000))).map(|text| text.chars().count()),
        Ok(2_000)
    );
}

#[test]
fn a_post_keeps_what_it_is_written_with() {
    for text in [
        "one\ntwo\tthree",
        "bidi \u{202E}overrides\u{202C} stay",
        "soft\u{AD}hyphen, zero\u{200B}width, \u{200F}mark",
        "🏴󠁧󠁢󠁷󠁬󠁳󠁿 👩‍👩‍👧",
        "a\u{2028}b",
    ] {
        assert_eq!(prose(text).as_deref(), Ok(text), "{text:?}");
    }
    for (typed, kept) in [
        ("\u{202E}never ends", "never ends"),
        ("ends\u{202C} nothing\u{2069}", "ends nothing"),
        ("\u{2067}one line\nanother\u{2069}", "one line\nanother"),
        ("hid\u{E0068}\u{E0069}den\u{E007F}", "hidden"),
        ("a\u{FFF9}b\u{FFFA}c\u{FFFB}", "abc"),
        ("a\u{206E}b", "ab"),
    ] {
        assert_eq!(prose(typed).as_deref(), Ok(kept), "{typed:?}");
    }
    for bad in ["a\0", "\u{1b}[31mred", "a\rb", "a\u{9F}b"] {
        assert_eq!(prose(bad), Err("control_characters"), "{bad:?}");
    }
}
