use super::*;

const COOKIE: (&str, &str) = ("cookie", "quad=0abcdefg.secret");
const SECURE_COOKIE: (&str, &str) = ("cookie", "__Host-quad=0abcdefg.secret");
const UPGRADE: (&str, &str) = ("upgrade", "WebSocket");

fn allowed(
    public: Option<&str>,
    method: &str,
    uri: &str,
    headers: &[(&'static str, &str)],
) -> bool {
    let public: Option<Origin> = public.map(|origin| origin.parse().unwrap());
    let cookies = CookiePolicy {
        secure: public.as_ref().is_some_and(Origin::is_https),
    };
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    let rule = OriginRule::new(public, "10.0.0.1".parse().unwrap(), cookies);
    let answer = rule.check(Head {
        method: &method.parse().unwrap(),
        uri: &uri.parse().unwrap(),
        headers: &map,
        peer: "10.0.0.1".parse().unwrap(),
    });
    assert!(matches!(answer, Ok(()) | Err(QuadError::ForeignOrigin)));
    answer.is_ok()
}

#[test]
fn without_a_public_origin_it_is_the_loopback_host_that_was_asked() {
    for (host, origin, ours) in [
        ("localhost:3000", "http://localhost:3000", true),
        ("LocalHost:3000", "http://LOCALHOST:3000", true),
        ("127.0.0.1:3000", "http://127.0.0.1:3000", true),
        ("127.8.9.10:3000", "http://127.8.9.10:3000", true),
        ("[::1]:3000", "http://[::1]:3000", true),
        ("[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000", true),
        ("quad.localhost", "http://quad.localhost", true),
        ("localhost", "http://localhost:80", true),
        ("localhost:80", "http://localhost", true),
        ("localhost:3000", "http://localhost:3001", false),
        ("localhost:3000", "http://localhost", false),
        ("localhost:3000", "https://localhost:3000", false),
        ("localhost:3000", "http://127.0.0.1:3000", false),
        ("localhost:3000", "http://evil.example", false),
        ("localhost:3000", "null", false),
        ("localhost:3000", "", false),
        ("localhost:3000", "http://localhost:3000/", false),
        (
            "localhost:3000",
            "http://localhost:3000, http://evil.example",
            false,
        ),
        ("localhost:3000", "http://me@localhost:3000", false),
        ("localhost:3000", "file://", false),
        ("evil.example", "http://evil.example", false),
        ("evil.example:3000", "http://evil.example:3000", false),
        (
            "localhost.evil.example",
            "http://localhost.evil.example",
            false,
        ),
        (
            "127.0.0.1.evil.example",
            "http://127.0.0.1.evil.example",
            false,
        ),
        ("evillocalhost", "http://evillocalhost", false),
        (".localhost", "http://.localhost", false),
        ("0.0.0.0:3000", "http://0.0.0.0:3000", false),
        ("192.168.1.7:3000", "http://192.168.1.7:3000", false),
        ("[::2]:3000", "http://[::2]:3000", false),
        ("evil.example@localhost", "http://localhost", false),
        ("", "http://localhost", false),
    ] {
        for method in ["GET", "POST"] {
            let headers = [("host", host), ("origin", origin)];
            assert_eq!(
                allowed(None, method, "/", &headers),
                ours,
                "{method} {host} {origin}"
            );
            let headers = [("host", host), ("origin", origin), COOKIE];
            assert_eq!(
                allowed(None, method, "/", &headers),
                ours,
                "{method} {host} {origin}"
            );
        }
    }
}

#[test]
fn a_public_origin_is_the_only_one_whatever_the_host_says() {
    let public = Some("https://quad.example");
    for (host, origin, ours) in [
        ("quad.example", "https://quad.example", true),
        ("quad.example", "https://QUAD.example:443", true),
        ("127.0.0.1:3000", "https://quad.example", true),
        ("quad.example", "http://quad.example", false),
        ("quad.example", "https://quad.example:8443", false),
        ("quad.example", "https://a.quad.example", false),
        ("localhost:3000", "http://localhost:3000", false),
        ("evil.example", "https://evil.example", false),
    ] {
        let headers = [("host", host), ("origin", origin), SECURE_COOKIE];
        assert_eq!(
            allowed(public, "POST", "/", &headers),
            ours,
            "{host} {origin}"
        );
    }
}

#[test]
fn the_cookie_needs_an_origin_wherever_something_could_change() {
    let host = ("host", "localhost:3000");
    for (method, headers, may) in [
        ("GET", &[host, COOKIE] as &[_], true),
        ("HEAD", &[host, COOKIE], true),
        ("POST", &[host, COOKIE], false),
        ("PUT", &[host, COOKIE], false),
        ("DELETE", &[host, COOKIE], false),
        ("OPTIONS", &[host, COOKIE], false),
        ("CONNECT", &[host, COOKIE], false),
        ("GET", &[host, COOKIE, UPGRADE], false),
        ("GET", &[host, COOKIE, ("upgrade", "h2c, websocket")], false),
        (
            "GET",
            &[host, COOKIE, UPGRADE, ("origin", "http://localhost:3000")],
            true,
        ),
        ("GET", &[host, UPGRADE], true),
        ("POST", &[host], true),
        ("POST", &[host, ("authorization", "Bearer x")], true),
        (
            "POST",
            &[
                host,
                ("authorization", "Bearer x"),
                ("origin", "http://evil.example"),
            ],
            false,
        ),
        ("POST", &[host, ("cookie", "other=1")], true),
        ("POST", &[COOKIE], false),
        ("GET", &[UPGRADE, ("host", "evil.example"), COOKIE], false),
        ("POST", &[("host", "evil.example"), COOKIE], false),
    ] {
        assert_eq!(
            allowed(None, method, "/", headers),
            may,
            "{method} {headers:?}"
        );
    }
    let host = ("host", "quad.example");
    assert!(!allowed(
        Some("https://quad.example"),
        "POST",
        "/",
        &[host, SECURE_COOKIE]
    ));
    assert!(
        allowed(Some("https://quad.example"), "POST", "/", &[host, COOKIE]),
        "not our cookie there"
    );
}

#[test]
fn what_is_there_twice_or_not_at_all_is_not_believed() {
    let origin = ("origin", "http://localhost:3000");
    let host = ("host", "localhost:3000");
    assert!(!allowed(None, "GET", "/", &[host, origin, origin]));
    assert!(!allowed(None, "GET", "/", &[host, host, origin]));
    assert!(!allowed(None, "GET", "/", &[origin]));
    assert!(
        allowed(None, "GET", "/", &[]),
        "nothing asks for trust here"
    );
}

#[test]
fn the_request_line_goes_before_the_host_header() {
    let origin = ("origin", "http://localhost:3000");
    assert!(allowed(None, "GET", "http://localhost:3000/", &[origin]));
    let host = ("host", "localhost:3000");
    assert!(!allowed(
        None,
        "GET",
        "http://evil.example/",
        &[host, origin]
    ));
}

#[test]
fn a_trusted_proxy_may_say_https() {
    let headers = [
        ("host", "localhost"),
        ("origin", "https://localhost"),
        ("x-forwarded-proto", "https"),
    ];
    assert!(allowed(None, "GET", "/", &headers));
    assert!(!allowed(None, "GET", "/", &headers[..2]));
}

#[test]
fn origins_are_written_in_one_way() {
    for (text, written) in [
        ("HTTPS://Quad.Example:443", "https://quad.example"),
        ("http://quad.example:443", "http://quad.example:443"),
        ("http://[::0001]:3000", "http://[::1]:3000"),
    ] {
        assert_eq!(text.parse::<Origin>().unwrap().to_string(), written);
    }
    for bad in [
        "",
        "quad.example",
        "https://",
        "ftp://quad.example",
        "https://quad.example/",
        "https://quad.example/x",
        "https://a b",
        "https://quad.example:0",
        "https://quad.example:99999",
        "https://quad.example:",
        "https://ä.example",
        "https://[::1",
        "https://[::1]x",
        "https://*.example",
    ] {
        assert_eq!(bad.parse::<Origin>(), Err(NoSuchOrigin), "{bad}");
    }
}
