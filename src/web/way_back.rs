//! Where a form leads that was sent without JavaScript.
//!
//! Leptos leads it back to the `Referer`, whoever wrote that, and puts an error into its query. So
//! the `Referer` is replaced before by a page of ours on [`HERE`], a host that nobody has, and
//! whatever stands in `Location` afterwards is cut down to a path.

use app::address;
use axum::http::{
    HeaderMap, HeaderValue, Uri,
    header::{LOCATION, REFERER},
};
use url::{Position, Url};

use crate::security::origin::Origin;

/// Takes the place of our own origin, which has to be written somehow for Leptos to read it.
const HERE: &str = "http://quad.invalid";
/// What Leptos writes into the query of the page that it leads back to.
const ERROR: [&str; 2] = ["__path", "__err"];

/// Names the page that a form was on: the feed, where the request does not name a page of `ours`.
pub fn name_page(headers: &mut HeaderMap, ours: Option<&Origin>) {
    let page = page_of(headers, ours).unwrap_or_else(|| "/".to_owned());
    if let Ok(page) = HeaderValue::try_from(format!("{HERE}{page}")) {
        headers.insert(REFERER, page);
    }
}

fn page_of(headers: &HeaderMap, ours: Option<&Origin>) -> Option<String> {
    let mut sent = headers.get_all(REFERER).iter();
    let (Some(referer), None) = (sent.next(), sent.next()) else {
        return None;
    };
    let mut page = Url::parse(referer.to_str().ok()?).ok()?;
    let origin: Origin = page.origin().ascii_serialization().parse().ok()?;
    if Some(&origin) != ours {
        return None;
    }
    forget_error(&mut page);
    let path = &page[Position::BeforePath..Position::AfterQuery];
    address::is_ours(path).then(|| path.to_owned())
}

/// Takes out what an earlier form left in the query.
fn forget_error(page: &mut Url) {
    let is_error = |name: &str| ERROR.contains(&name);
    if !page.query_pairs().any(|(name, _)| is_error(&name)) {
        return;
    }
    let pairs = page.query_pairs().into_owned();
    let kept: Vec<(String, String)> = pairs.filter(|(name, _)| !is_error(name)).collect();
    page.set_query(None);
    if !kept.is_empty() {
        page.query_pairs_mut().extend_pairs(kept);
    }
}

/// Whatever an answer leads to is a page of ours.
pub fn stay_here(headers: &mut HeaderMap) {
    let Some(location) = headers.get(LOCATION) else {
        return;
    };
    let path = location.to_str().ok().map(|location| {
        let path = location.strip_prefix(HERE).unwrap_or(location);
        path.strip_suffix('?').unwrap_or(path)
    });
    let path = path.filter(|path| address::is_ours(path)).unwrap_or("/");
    if let Ok(path) = HeaderValue::from_str(path) {
        headers.insert(LOCATION, path);
    }
}

/// The address of a page that was asked for with a slash too much at its end.
pub fn without_slash(asked: &Uri) -> Option<String> {
    let page = asked.path().trim_end_matches('/');
    if page.len() == asked.path().len() || page.is_empty() {
        return None;
    }
    let query = asked.query().map(|query| format!("?{query}"));
    let page = format!("{page}{}", query.unwrap_or_default());
    address::is_ours(&page).then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(referer: &str, ours: Option<&str>) -> String {
        let ours: Option<Origin> = ours.map(|ours| ours.parse().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(REFERER, HeaderValue::from_str(referer).unwrap());
        name_page(&mut headers, ours.as_ref());
        let named = headers[REFERER].to_str().unwrap();
        named.strip_prefix(HERE).unwrap().to_owned()
    }

    #[test]
    fn only_a_page_of_ours_is_led_back_to() {
        let ours = Some("https://quad.example");
        for (referer, page) in [
            ("https://quad.example/rooms/a?people=2", "/rooms/a?people=2"),
            ("https://QUAD.example:443/login", "/login"),
            ("https://quad.example", "/"),
            ("https://quad.example/a#b", "/a"),
            (
                "https://quad.example/login?__path=%2Ffn%2Fx&__err=e",
                "/login",
            ),
            (
                "https://quad.example/login?next=%2Fx&__err=e&__err=f",
                "/login?next=%2Fx",
            ),
        ] {
            assert_eq!(named(referer, ours), page, "{referer}");
        }
        for other in [
            "https://evil.example/rooms",
            "http://quad.example/rooms",
            "https://quad.example:8443/rooms",
            "https://quad.example.evil.example/",
            "https://quad.example@evil.example/",
            "https://evil.example\\@quad.example/",
            "https://quad.example//evil.example/",
            "https://quad.example/\\evil.example/",
            "https://quad.example/\t/evil.example/",
            "//quad.example/rooms",
            "/rooms",
            "javascript:alert(1)",
            "blob:https://quad.example/rooms",
            "data:text/html,x",
            "",
        ] {
            assert_eq!(named(other, ours), "/", "{other}");
        }
        assert_eq!(named("https://quad.example/rooms", None), "/");
    }

    #[test]
    fn of_two_pages_none_is_believed() {
        let mut headers = HeaderMap::new();
        for page in ["https://quad.example/a", "https://quad.example/b"] {
            headers.append(REFERER, HeaderValue::from_static(page));
        }
        let ours = "https://quad.example".parse().unwrap();
        name_page(&mut headers, Some(&ours));
        assert_eq!(headers[REFERER], format!("{HERE}/"));
        name_page(&mut HeaderMap::new(), Some(&ours));
    }

    #[test]
    fn an_answer_leads_nowhere_else() {
        for (location, page) in [
            ("/rooms/a#people", "/rooms/a#people"),
            ("http://quad.invalid/login?__err=e", "/login?__err=e"),
            ("http://quad.invalid/login?", "/login"),
            ("http://quad.invalid", "/"),
            ("http://quad.invalid.evil.example/", "/"),
            ("http://quad.invalid//evil.example", "/"),
            ("https://evil.example/", "/"),
            ("//evil.example/", "/"),
            ("/\\evil.example/", "/"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, HeaderValue::from_static(location));
            stay_here(&mut headers);
            assert_eq!(headers[LOCATION], page, "{location}");
        }
    }

    #[test]
    fn a_slash_at_the_end_is_one_too_much() {
        for (asked, page) in [
            ("/login/", Some("/login")),
            ("/login/?next=/a/", Some("/login?next=/a/")),
            ("/rooms/a//", Some("/rooms/a")),
            ("http://evil.example/login/", Some("/login")),
            ("/", None),
            ("//", None),
            ("/login", None),
            ("/login?next=/", None),
            ("//evil.example/", None),
            ("/\\evil.example/", None),
            ("///evil.example/", None),
        ] {
            let asked: Uri = asked.parse().unwrap();
            assert_eq!(without_slash(&asked).as_deref(), page, "{asked}");
        }
    }
}
