use super::*;

fn codes<T>(answer: Result<T, QuadError>) -> Vec<(String, String)> {
    match answer {
        Ok(_) => Vec::new(),
        Err(QuadError::Invalid { errors }) => errors
            .into_iter()
            .inspect(|error| assert!(!error.detail.is_empty()))
            .map(|error| (error.field, error.code))
            .collect(),
        Err(other) => panic!("{other:?}"),
    }
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(f, c)| ((*f).into(), (*c).into()))
        .collect()
}

fn account(handle: &str, name: Option<&str>, password: &str) -> NewAccount {
    NewAccount {
        handle: handle.into(),
        name: name.map(Into::into),
        password: password.into(),
    }
}

#[test]
fn a_good_account_is_folded_and_trimmed() {
    let checked = new_account(account(" Ana_9", Some("  Ana Ångström 🦊 "), " 8 chars ")).unwrap();
    assert_eq!(checked.handle.as_str(), "ana_9");
    assert_eq!(checked.name, "Ana Ångström 🦊");
    assert_eq!(checked.password, " 8 chars ", "a password is never trimmed");
    assert_eq!(
        new_account(account("ana", None, "12345678")).unwrap().name,
        "ana"
    );
}

#[test]
fn all_wrong_fields_are_named_at_once() {
    assert_eq!(
        codes(new_account(account("9a", Some(" "), "short"))),
        pairs(&[
            ("handle", "too_short"),
            ("name", "required"),
            ("password", "too_short")
        ])
    );
}

#[test]
fn handles() {
    for (handle, code) in [
        ("", "required"),
        ("ab", "too_short"),
        ("9abc", "format"),
        ("a-b-c", "format"),
        ("änne", "format"),
        ("a\nbc", "format"),
        (&"a".repeat(31), "too_long"),
    ] {
        assert_eq!(
            codes(new_account(account(handle, None, "12345678"))),
            pairs(&[("handle", code)]),
            "{handle}"
        );
    }
}

#[test]
fn names() {
    for good in ["x", "O'Brien-Łukasz", "名前", "שם", &"ä".repeat(50)] {
        assert!(
            new_account(account("ana", Some(good), "12345678")).is_ok(),
            "{good}"
        );
    }
    for (name, code) in [
        ("", "required"),
        ("\u{200B}\u{3164}", "required"),
        (&"ä".repeat(51), "too_long"),
        ("a\u{202E}b", "control_characters"),
        ("a\u{2066}b", "control_characters"),
        ("a\nb", "control_characters"),
        ("a\0b", "control_characters"),
        ("a\u{85}b", "control_characters"),
        ("a\u{2028}b", "control_characters"),
    ] {
        assert_eq!(
            codes(new_account(account("ana", Some(name), "12345678"))),
            pairs(&[("name", code)]),
            "{name:?}"
        );
    }
}

#[test]
fn passwords_are_counted_in_characters() {
    for (password, expected) in [
        ("", Some("required")),
        ("1234567", Some("too_short")),
        ("ääääääää", None),
        (&*"🦊".repeat(128), None),
        (&*"a".repeat(129), Some("too_long")),
    ] {
        let expected: Vec<_> = expected
            .map(|code| ("password", code))
            .into_iter()
            .collect();
        assert_eq!(
            codes(new_account(account("ana", None, password))),
            pairs(&expected)
        );
    }
}

#[test]
fn a_log_in_with_an_impossible_handle_is_looked_at_all_the_same() {
    let of = |handle: &str, password: &str| {
        credentials(Credentials {
            handle: handle.into(),
            password: password.into(),
        })
    };
    assert_eq!(of("@Ana", "x").unwrap().handle.unwrap().as_str(), "ana");
    assert!(of("no such handle", "x").unwrap().handle.is_none());
    assert_eq!(
        codes(of(" ", "")),
        pairs(&[("handle", "required"), ("password", "required")])
    );
    assert_eq!(
        codes(of("ana", &"x".repeat(password::BYTES_MAX + 1))),
        pairs(&[("password", "too_long")])
    );
}

#[test]
fn a_new_password_needs_the_current_one() {
    let change = |name: Option<&str>, password: Option<&str>, current: Option<&str>| {
        account_change(AccountChange {
            name: name.map(Into::into),
            password: password.map(Into::into),
            current_password: current.map(Into::into),
        })
    };
    assert_eq!(
        codes(change(None, Some("12345678"), None)),
        pairs(&[("current_password", "required")])
    );
    assert_eq!(
        codes(change(Some(""), Some("1"), Some("x"))),
        pairs(&[("name", "required"), ("password", "too_short")])
    );
    let checked = change(Some(" Ana "), Some("12345678"), Some("x")).unwrap();
    assert_eq!(checked.name.as_deref(), Some("Ana"));
    let password = checked.password.unwrap();
    assert_eq!(
        (password.current.as_str(), password.new.as_str()),
        ("x", "12345678")
    );
    assert!(change(None, None, None).unwrap().password.is_none());
}

#[test]
fn text_keeps_its_lines_and_loses_blank_ones_around_it() {
    for (typed, kept) in [
        ("hello", "hello"),
        ("one\r\ntwo", "one\ntwo"),
        (" \n\t\n  one\n\n two \n \n", "  one\n\n two"),
        ("\ttabs\tstay", "\ttabs\tstay"),
        (
            "bidi \u{202E}overrides\u{202C} stay",
            "bidi \u{202E}overrides\u{202C} stay",
        ),
    ] {
        assert_eq!(text("text", typed).unwrap(), kept, "{typed:?}");
    }
}

#[test]
fn text_that_cannot_be_taken() {
    for (typed, code) in [
        ("", "required"),
        (" \r\n\t ", "required"),
        ("\u{200B}", "required"),
        ("a\0", "control_characters"),
        ("\u{1b}[31mred", "control_characters"),
        ("a\rb", "control_characters"),
        ("a\u{9F}b", "control_characters"),
        (&"ä".repeat(2001), "too_long"),
    ] {
        assert_eq!(
            codes(text("text", typed)),
            pairs(&[("text", code)]),
            "{typed:?}"
        );
    }
    assert_eq!(
        text("text", &format!("\n{}\n", "ä".repeat(2000)))
            .unwrap()
            .chars()
            .count(),
        2000
    );
}

#[test]
fn limits_and_keys() {
    assert_eq!(limit(None, 20).unwrap(), 20);
    assert_eq!(limit(Some(100), 20).unwrap(), 100);
    for bad in [0, 101, u64::MAX] {
        assert_eq!(
            codes(limit(Some(bad), 20)),
            pairs(&[("limit", "out_of_range")])
        );
    }
    assert_eq!(idempotency_key("abc-1").unwrap(), "abc-1");
    for (key, code) in [
        ("", "required"),
        ("a b", "format"),
        ("ä", "format"),
        (&*"x".repeat(201), "too_long"),
    ] {
        assert_eq!(
            codes(idempotency_key(key)),
            pairs(&[("Idempotency-Key", code)])
        );
    }
    assert_eq!(label("name", " bot ").unwrap(), "bot");
    assert_eq!(codes(label("name", "")), pairs(&[("name", "required")]));
}

#[test]
fn what_a_form_is_told_survives_the_address_that_it_is_put_into() {
    use leptos::server_fn::error::FromServerFnError;

    let long = "x".repeat(5_000);
    let change = |name: &str, password: &str, current: &str| AccountChange {
        name: Some(name.into()),
        password: Some(password.into()),
        current_password: Some(current.into()),
    };
    let credentials_of = |handle: &str, password: &str| Credentials {
        handle: handle.into(),
        password: password.into(),
    };
    let wrong = [
        new_account(account("", Some(" "), "")).err(),
        new_account(account("9a", Some(&long), "short")).err(),
        new_account(account("a-b-c", Some("a\u{7}"), &long)).err(),
        new_account(account(&long, None, "")).err(),
        credentials(credentials_of("", "")).err(),
        credentials(credentials_of("ana", &long)).err(),
        account_change(change(" ", "", "")).err(),
        account_change(change(&long, &long, &long)).err(),
        text("text", "").err(),
        text("text", &long).err(),
        text("text", "\u{7}").err(),
        label("title", "").err(),
        label("title", &long).err(),
        label("title", "a\u{7}").err(),
        message_id("").err(),
        limit(Some(0), 20).err(),
        place("before", Some(u64::MAX)).err(),
    ];
    for error in wrong {
        let error = error.expect("something is wrong");
        assert_eq!(QuadError::de(error.ser()), error);
    }
}
