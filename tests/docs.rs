//! The documentation says what is true: the tests that it names exist, and so does what it says of
//! the sources.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{fs, path::PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Whether a file has a test of this name: a function with `#[test]` before it, or a title.
fn has_test(file: &str, source: &str, name: &str) -> bool {
    if file.ends_with(".ts") {
        return ["test(\"", "test('", "test(`"].iter().any(|begin| {
            let titles = source.split(begin).skip(1);
            titles.into_iter().any(|rest| {
                rest.starts_with(name) && rest[name.len()..].starts_with(['"', '\'', '`'])
            })
        });
    }
    let begins = [format!("fn {name}("), format!("async fn {name}(")];
    let mut after_attribute = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test") || line.starts_with("#[tokio::test") {
            after_attribute = true;
        } else if begins.iter().any(|begin| line.starts_with(begin)) {
            return after_attribute;
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            after_attribute = false;
        }
    }
    false
}

#[test]
fn every_test_that_is_named_in_the_documentation_exists() {
    let document = read("docs/security.md");
    let mut named = 0;
    let mut missing = Vec::new();
    for text in quoted(&document) {
        let Some((file, name)) = text.split_once("::") else {
            continue;
        };
        if text == "FILE::NAME" {
            continue;
        }
        named += 1;
        let path = root().join(file);
        let source = fs::read_to_string(&path).unwrap_or_default();
        if !has_test(file, &source, name) {
            missing.push(text);
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(named > 100, "only {named} tests are named");
}

#[test]
fn a_test_is_found_by_its_name_and_nothing_else_is_taken_for_one() {
    let rust = "#[test]\n#[ignore]\nfn a_test() {}\nfn a_helper() {}\n#[tokio::test(x)]\nasync fn other() {}\n";
    assert!(has_test("a.rs", rust, "a_test") && has_test("a.rs", rust, "other"));
    for no in ["a_helper", "a_tes", "a_test(", "missing"] {
        assert!(!has_test("a.rs", rust, no), "{no}");
    }
    let playwright = "test(\"it works\", async () => {});\ntest.skip('not this', x);";
    assert!(has_test("a.spec.ts", playwright, "it works"));
    for no in ["it work", "not this", "x"] {
        assert!(!has_test("a.spec.ts", playwright, no), "{no}");
    }
}

#[test]
fn every_row_says_what_holds_it() {
    let document = read("docs/security.md");
    let rows = document.lines().filter(|line| {
        let mut cells = line.split('|').skip(1);
        cells
            .next()
            .is_some_and(|first| first.trim().starts_with(|c: char| c.is_ascii_digit()))
    });
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 6, "{row}");
        assert!(
            cells.iter().skip(1).take(4).all(|cell| !cell.is_empty()),
            "{row}"
        );
        count += 1;
    }
    assert!(count > 100, "{count}");
}

#[test]
fn every_dependency_is_locked_with_a_checksum() {
    let lock = read("Cargo.lock");
    for package in lock.split("[[package]]").skip(1) {
        let source = package.lines().find(|line| line.starts_with("source = "));
        // Without a source it is one of our own.
        let Some(source) = source else { continue };
        assert!(source.starts_with("source = \"registry+"), "{package}");
        assert!(
            package.lines().any(|line| line.starts_with("checksum = ")),
            "{package}"
        );
    }
    let lock: serde_json::Value = serde_json::from_str(&read("end2end/package-lock.json")).unwrap();
    for (name, package) in lock["packages"].as_object().unwrap() {
        assert!(
            name.is_empty() || package["integrity"].is_string(),
            "{name}"
        );
    }
}

#[test]
fn unsafe_code_is_forbidden_in_every_package() {
    assert!(read("Cargo.toml").contains("unsafe_code = \"forbid\""));
    for package in ["Cargo.toml", "app/Cargo.toml", "bench/Cargo.toml"] {
        assert!(
            read(package).contains("[lints]\nworkspace = true"),
            "{package}"
        );
    }
    // The macro that begins the browser's half expands to the attribute, so it is looked at itself.
    for file in fs::read_dir(root().join("frontend/src")).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!source.contains("unsafe"));
    }
}
