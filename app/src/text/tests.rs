use super::*;

fn mentioned(text: &str) -> Vec<String> {
    let found = mentions(text, 20);
    found.iter().map(Handle::to_string).collect()
}

fn rooms(text: &str) -> Vec<String> {
    let parts = parts(text).into_iter();
    let rooms = parts.filter_map(|part| match part {
        Part::Room { room, .. } => Some(room.to_string()),
        _ => None,
    });
    rooms.collect()
}

fn linked(text: &str) -> Vec<(String, String)> {
    let parts = parts(text).into_iter();
    let links = parts.filter_map(|part| match part {
        Part::Link(Link { href, shown }) => Some((href, shown)),
        _ => None,
    });
    links.collect()
}

/// The only link, which is shown as it leads.
fn link(text: &str) -> Option<String> {
    let links = linked(text);
    assert!(links.len() < 2, "{links:?}");
    let (href, shown) = links.into_iter().next()?;
    assert_eq!(href, shown);
    Some(href)
}

#[test]
fn a_mention_is_a_word_of_its_own() {
    for text in [
        "@bob",
        "hi @bob",
        "(@bob)",
        "@bob,",
        "@bob's turn",
        "@bob’s turn",
        "¿@bob?",
        "Ask @bob.",
        "Ask @bob. Or not.",
        "@bob: hello",
        "@bob:hello",
        "@bob...",
        "@bob…",
        "cc:@bob",
        "-@bob",
        ".@bob see this",
        "“@bob”",
        "«@bob»",
        "*@bob*",
        "谢谢。@bob、",
        "「@bob」",
        "ありがとう！@bob！",
        "धन्यवाद। @bob।",
        "شكرا، @bob، شكرا",
        "👍🏽@bob👍🏽",
        "❤️@bob ❤️",
        "🇩🇪@bob",
        "he/she (@bob)",
        "a/b @bob",
        "`code`@bob",
        "@bob`code`",
        "one ` and @bob",
        "https://v.example/ @bob",
        "@bob https://v.example/@cem",
        "\u{2067}@bob\u{2069}",
        "a line\n@bob\nanother",
        "@bob—yes",
        "@bob-",
        "@BOB",
        "@bob|@bob",
        "@bob(1)",
        "R&D: @bob",
    ] {
        assert_eq!(mentioned(text), ["bob"], "{text:?}");
    }
    assert_eq!(mentioned("@ana,@bob;@cem @ana"), ["ana", "bob", "cem"]);
    assert_eq!(mentioned("@ana, look: (@Bob_9)! @ANA"), ["ana", "bob_9"]);
}

#[test]
fn a_sign_inside_of_something_mentions_nobody() {
    for text in [
        "https://v.example/@bob",
        "https://v.example/a?b=@bob&c",
        "HTTPS://V.EXAMPLE/@bob.",
        "http://localhost:3000/@bob",
        "http://[::1]/@bob",
        "ftp://v.example/@bob",
        "matrix://v.example/@bob:m.example",
        "https://good.example@bob.example/@bob",
        "https://x:@bob",
        "v.example/@bob",
        "v.example/x,@bob",
        "v.example/x=@bob",
        "www.v.example/a/@bob/b",
        "/home/@bob",
        "./@bob",
        "C:\\users\\@bob",
        "josé@bob.example",
        "jose@bob",
        "jose.luis@bob.example",
        "jose+tag@bob.example",
        "jose.@bob",
        "jose-@bob",
        "mailto:jose@bob.example",
        "连接@bob",
        "हिन्दी@bob",
        "क्@bob",
        "ที่@bob",
        "שלום@bob",
        "e\u{301}@bob",
        "name_@bob",
        "5@bob",
        "@@bob",
        "#@bob",
        "@bob@m.example",
        "@bob@ana",
        "@bob:m.example",
        "@bob:matrix.m.example:8448",
        "@bob.example",
        "@bob.m.example/x",
        "@bob/pkg",
        "@bob/",
        "@bob-x/pkg",
        "@bob-smith",
        "@bob#1234",
        "@bob\\x",
        "@bobé",
        "@bobе\u{301}",
        "@bob\u{301}",
        "@bobさん",
        "@bobи",
        "@bob\u{94D}",
        "@bob\u{200D}x",
        "@bob٣",
        "`@bob`",
        "``a ` @bob``",
        "`a\n@bob`",
        "```\n@bob\n```",
        "```rust\n@bob",
        "~~~\n@bob\n~~~",
        "  ```\n  @bob\n  ```",
        "@bo",
        "@9bob",
        "@_bob",
        "@",
        "＠bob",
        "@abcdefghijabcdefghijabcdefghijk",
    ] {
        assert_eq!(mentioned(text), [""; 0], "{text:?}");
    }
}

#[test]
fn most_mentions_are_counted_and_the_rest_is_left() {
    let many: String = (0..30).map(|n| format!("@person{n} ")).collect();
    assert_eq!(mentions(&many, 20).len(), 20);
}

#[test]
fn rooms_have_a_sign_too() {
    for text in [
        "#lobby",
        "in #Lobby.",
        "(#lobby)",
        "#lobby: hi",
        "，#lobby。",
        "#lobby's",
    ] {
        assert_eq!(rooms(text), ["lobby"], "{text:?}");
    }
    assert_eq!(rooms("#chess-club_9, #a2"), ["chess-club_9", "a2"]);
    for text in [
        "We are #1",
        "#",
        "##lobby",
        "C#lobby",
        "a#lobby",
        "&#lobby",
        "#-lobby",
        "#lobby/x",
        "#lobby@m.example",
        "#lobby.example",
        "#lobbyé",
        "`#lobby`",
        "https://v.example#lobby",
        "https://v.example/#lobby",
        "v.example/#lobby",
        "/#lobby",
        &format!("#{}", "x".repeat(41)),
    ] {
        assert_eq!(rooms(text), [""; 0], "{text:?}");
    }
}

#[test]
fn addresses_are_links_and_end_where_the_sentence_goes_on() {
    for (text, href) in [
        ("https://v.example", "https://v.example"),
        ("HTTP://V.Example/Path", "http://v.example/Path"),
        ("see https://v.example/a.", "https://v.example/a"),
        ("(https://v.example/a)", "https://v.example/a"),
        ("(see https://v.example/a_(b))", "https://v.example/a_(b)"),
        ("[x](https://v.example/a)", "https://v.example/a"),
        ("\"https://v.example/a\"", "https://v.example/a"),
        ("“https://v.example/a”", "https://v.example/a"),
        ("<https://v.example/a>", "https://v.example/a"),
        (
            "https://v.example/a?b=c&d=[e]#f!",
            "https://v.example/a?b=c&d=[e]#f",
        ),
        ("https://v.example#top, then", "https://v.example#top"),
        ("https://v.example:8443/x…", "https://v.example:8443/x"),
        ("https://v.example/a,https", "https://v.example/a,https"),
        ("请看https://v.example/a。谢谢", "https://v.example/a"),
        ("见（https://v.example）", "https://v.example"),
        ("https://v.example、次", "https://v.example"),
        ("https://v.example/वि।", "https://v.example/वि"),
        ("https://v.example/путь!", "https://v.example/путь"),
        ("https://v.example/a👍", "https://v.example/a"),
        ("https://v.example/a\u{2067}b", "https://v.example/a"),
        ("https://v.example/a\u{3000}b", "https://v.example/a"),
        ("https://127.0.0.1:3000/x", "https://127.0.0.1:3000/x"),
        ("http://localhost/x", "http://localhost/x"),
        ("https://sub.v.example/'a'", "https://sub.v.example/'a'"),
    ] {
        assert_eq!(link(text).as_deref(), Some(href), "{text:?}");
    }
    let two = linked("https://a.example/x。https://b.example/y");
    assert_eq!(two.len(), 2, "{two:?}");
}

#[test]
fn the_host_is_shown_as_it_is_looked_up() {
    for (text, shown) in [
        (
            "https://bücher.example/ä",
            "https://xn--bcher-kva.example/ä",
        ),
        ("https://\u{430}pple.com/", "https://xn--pple-43d.com/"),
        (
            "https://пример.рф/путь",
            "https://xn--e1afmkfd.xn--p1ai/путь",
        ),
        ("https://例え.jp/x", "https://xn--r8jz45g.jp/x"),
    ] {
        assert_eq!(link(text).as_deref(), Some(shown), "{text:?}");
    }
}

#[test]
fn what_deceives_or_runs_is_no_link() {
    for text in [
        "https://good.example@evil.example/",
        "https://good.example:pass@evil.example",
        "https://good.example%2eevil.example@x.example/",
        "https://good.example\\@evil.example/",
        "https://good.example&@evil.example/@bob",
        "javascript:alert(1)",
        "javascript://v.example/%0aalert(1)",
        "JavaScript://v.example",
        "data:text/html,x",
        "data://text/html",
        "vbscript://x.example",
        "file:///etc/passwd",
        "ftp://v.example/",
        "http://",
        "https://.",
        "https:v.example",
        "v.example",
        "www.v.example/x",
        "`https://v.example`",
        "```\nhttps://v.example\n```",
        "git@code.example:team/project.git",
    ] {
        assert_eq!(link(text), None, "{text:?}");
    }
}

#[test]
fn addresses_of_mail_are_links() {
    for (text, href, shown) in [
        ("ana@v.example", "mailto:ana@v.example", "ana@v.example"),
        ("<ana@v.example>.", "mailto:ana@v.example", "ana@v.example"),
        (
            "mailto:ana@v.example",
            "mailto:ana@v.example",
            "mailto:ana@v.example",
        ),
        (
            "连接：josé@bob.example。",
            "mailto:josé@bob.example",
            "josé@bob.example",
        ),
        (
            "a@bücher.example",
            "mailto:a@xn--bcher-kva.example",
            "a@xn--bcher-kva.example",
        ),
        (
            "a?cc=b&c@v.example",
            "mailto:a%3Fcc%3Db%26c@v.example",
            "a?cc=b&c@v.example",
        ),
        ("ana@v.example: hi", "mailto:ana@v.example", "ana@v.example"),
    ] {
        assert_eq!(
            linked(text),
            [(href.to_owned(), shown.to_owned())],
            "{text:?}"
        );
    }
    for text in [
        "@bob@m.example",
        "ana@v",
        "ana@",
        "@",
        "ana @v.example",
        "ana@127.1",
    ] {
        assert_eq!(linked(text), [], "{text:?}");
    }
}

#[test]
fn a_long_address_is_shortened_after_its_host() {
    let long = format!("https://v.example/{}?end=1", "a".repeat(100));
    let [(href, shown)] = &linked(&long)[..] else {
        panic!("one link")
    };
    assert_eq!(*href, long);
    assert!(shown.starts_with("https://v.example/aaa") && shown.ends_with("aaa?end=1"));
    assert_eq!(
        shown.chars().count(),
        "https://v.example".len() + 24 + 1 + 12
    );
    let host = format!("https://{}example/", "login.".repeat(20));
    assert_eq!(
        linked(&host),
        [(host.clone(), host.clone())],
        "a host is shown whole"
    );
}

#[test]
fn all_parts_together_are_the_text() {
    for text in [
        "",
        "plain  text\n\twith space ",
        "@bob, see https://v.example/a#b and `@x` in #lobby: mailto:a@v.example!",
        "```\n@a\n``` @bob @@x ##y https://good.example@evil.example/@bob",
        "שלום @bob, ראה https://v.example/א ו-#lobby",
    ] {
        let whole: String = parts(text)
            .iter()
            .map(|part| match part {
                Part::Plain(text) => (*text).to_owned(),
                Part::Link(link) => link.shown.clone(),
                Part::Mention { shown, .. } | Part::Room { shown, .. } => (*shown).to_owned(),
            })
            .collect();
        assert_eq!(whole, text);
    }
}

/// Each of these once took a time that grew with the square of its length somewhere. A test that
/// does so again takes minutes.
#[test]
fn hostile_texts_take_one_pass() {
    let long = 50_000;
    for piece in [
        "@",
        "#",
        "@a",
        "a@",
        "`@",
        "a@a.",
        "://",
        "a://",
        "https://",
        "https://a.b。",
        "https://a.b/(",
        "https://a@",
        "/@bob",
        "@bob:a.",
        "\u{301}@",
        "@bob\u{301}",
        "~~~\n",
        "#a-",
        "mailto:",
        "https://ü",
    ] {
        let text = piece.repeat(long / piece.len());
        let whole: usize = parts(&text).len();
        assert!(whole > 0, "{piece:?}");
    }
}

#[test]
fn text_keeps_its_lines_and_loses_blank_ones_around_it() {
    for (typed, kept) in [
        ("hello", "hello"),
        ("one\r\ntwo", "one\ntwo"),
        (" \n\t\n  one\n\n two \n \n", "  one\n\n two"),
        ("\ttabs\tstay", "\ttabs\tstay"),
        (" \n ", ""),
    ] {
        assert_eq!(prose(typed), kept, "{typed:?}");
    }
}
