use super::*;
use crate::config::MetricsAddr;

fn line(text: &str) -> Result<(Command, Config), CommandLineError> {
    parse(std::iter::once("quad").chain(text.split_whitespace()))
}

fn command(text: &str) -> Command {
    line(text).unwrap().0
}

fn wrong(text: &str) -> String {
    match line(text) {
        Err(CommandLineError::Wrong(line)) => line,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn clap_finds_no_contradiction() {
    CommandLine::command().debug_assert();
}

#[test]
fn every_command() {
    assert_eq!(command(""), Command::Serve { demo: false });
    assert_eq!(command("serve"), Command::Serve { demo: false });
    assert_eq!(command("--demo"), Command::Serve { demo: true });
    assert_eq!(command("serve --demo"), Command::Serve { demo: true });
    assert_eq!(command("seed --demo"), Command::SeedDemo);
    assert_eq!(
        command("seed --users 10000 --credentials people.tsv"),
        Command::SeedUsers {
            users: 10_000,
            credentials: "people.tsv".into()
        }
    );
    assert_eq!(
        command("token create --name bot --scope stats,publish,stats"),
        Command::CreateToken {
            name: "bot".into(),
            scopes: vec![Scope::Publish, Scope::Stats],
            life: Duration::from_secs(365 * 86_400),
        }
    );
    assert_eq!(command("token list"), Command::ListTokens);
    assert_eq!(
        command("token revoke 0a1b"),
        Command::RevokeToken { id: "0a1b".into() }
    );
    assert_eq!(
        command("user promote @Ana"),
        Command::PromoteUser {
            handle: "ana".parse().unwrap()
        }
    );
    assert_eq!(
        command("user demote ana"),
        Command::DemoteUser {
            handle: "ana".parse().unwrap()
        }
    );
    assert_eq!(command("rebuild"), Command::Rebuild { restored: false });
    assert_eq!(
        command("rebuild --restored"),
        Command::Rebuild { restored: true }
    );
}

#[test]
fn a_token_ends_when_it_is_said() {
    for (text, seconds) in [
        ("1s", 1),
        ("90m", 5_400),
        ("12h", 43_200),
        ("90d", 7_776_000),
        ("2w", 1_209_600),
        ("10y", 315_360_000),
    ] {
        let made = command(&format!(
            "token create --name x --scope stats --expires {text}"
        ));
        let Command::CreateToken { life, .. } = made else {
            panic!("{made:?}");
        };
        assert_eq!(life.as_secs(), seconds, "{text}");
    }
    for text in [
        "0d",
        "d",
        "90",
        "-1d",
        "+1d",
        "1.5d",
        "11y",
        "3651d",
        "1D",
        "1é",
        "never",
        "99999999999999999999d",
        "18446744073709551615y",
    ] {
        let said = wrong(&format!(
            "token create --name x --scope stats --expires={text}"
        ));
        assert!(said.contains("up to ten years"), "{text}: {said}");
    }
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let (_, config) = line("").unwrap();
    assert_eq!(config.addr.to_string(), "127.0.0.1:3000");
    assert_eq!(config.data_dir, PathBuf::from("./data"));
    assert_eq!(config.public_origin, None);
    assert!(config.rate_limits && config.workers >= 1 && !config.cookies().secure);
    assert_eq!(
        config.inbox,
        InboxLimits {
            max_entries: 1000,
            max_age: Duration::from_secs(90 * 86_400)
        }
    );
    assert_eq!(
        (config.max_sockets_per_user, config.drain.as_secs()),
        (32, 10)
    );
    assert_eq!(config.max_sockets_per_token, 256);
    assert_eq!(
        (config.log.filter.as_str(), config.log.format),
        ("info", LogFormat::Text)
    );
}

#[test]
fn settings_may_stand_before_and_after_the_command() {
    for text in [
        "--addr [::1]:0 --public-origin https://quad.example --rate-limits off serve",
        "serve --addr [::1]:0 --public-origin https://quad.example --rate-limits off",
        "token create --name x --scope stats --addr [::1]:0 --public-origin https://quad.example --rate-limits off",
    ] {
        let (_, config) = line(text).unwrap();
        assert_eq!(config.addr.to_string(), "[::1]:0", "{text}");
        assert!(config.cookies().secure && !config.rate_limits, "{text}");
    }
}

#[test]
fn pushes_come_from_the_contact_or_the_public_origin() {
    for (text, contact) in [
        ("", None),
        ("--public-origin http://localhost:3000", None),
        (
            "--public-origin https://quad.example",
            Some("https://quad.example"),
        ),
        (
            "--public-origin https://quad.example --push-contact mailto:ops@quad.example",
            Some("mailto:ops@quad.example"),
        ),
    ] {
        let (_, config) = line(text).unwrap();
        assert_eq!(config.push.contact.as_deref(), contact, "{text}");
        assert_eq!(config.push.test_service, None);
    }
    for (text, millis) in [
        ("", 10_000),
        ("--push-after 0", 0),
        ("--push-after 2", 2_000),
        ("--push-after 2s", 2_000),
        ("--push-after 100ms", 100),
    ] {
        let (_, config) = line(text).unwrap();
        assert_eq!(config.push.after, Duration::from_millis(millis), "{text}");
    }
}

#[test]
fn metrics_are_off_the_public_address() {
    let of = |text: &str| line(text).unwrap().1.metrics_addr;
    assert_eq!(of(""), MetricsAddr::Usual);
    assert!(MetricsAddr::USUAL.parse::<std::net::SocketAddr>().is_ok());
    assert_eq!(of("--metrics-addr off"), MetricsAddr::Off);
    let usual = MetricsAddr::At(MetricsAddr::USUAL.parse().unwrap());
    let said = format!("--metrics-addr {}", MetricsAddr::USUAL);
    assert_eq!(of(&said), usual, "said, it must be free");
}

#[test]
fn one_address_has_so_many_connections_unless_it_plays_many_people() {
    for (text, most) in [
        ("", Some(2_000)),
        ("--rate-limits off", None),
        ("--max-connections-per-address 0", None),
        ("--max-connections-per-address 7", Some(7)),
        ("--rate-limits off --max-connections-per-address 7", Some(7)),
    ] {
        let (_, config) = line(text).unwrap();
        assert_eq!(config.connections.most_per_address, most, "{text}");
        assert_eq!(config.connections.most, None);
        assert!(!config.connections.http2);
    }
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    for (text, says) in [
        ("--addr here", "--addr"),
        ("--workers 0", "QUAD_WORKERS"),
        ("serve --workers x", "QUAD_WORKERS"),
        ("--public-origin quad.example", "QUAD_PUBLIC_ORIGIN"),
        ("--public-origin https://quad.example/", "scheme://host"),
        ("--trusted-proxies 10.0.0.0/99", "10.0.0.0/99"),
        ("--rate-limits maybe", "QUAD_RATE_LIMITS"),
        ("--log quad=loud", "QUAD_LOG"),
        ("--log-format xml", "json"),
        ("--redis-url http://u:hunter2@a", "REDIS_URL"),
        ("--redis-url redis://u:hunter2@a/x", "REDIS_URL"),
        ("fly", "fly"),
        ("seed", "--demo"),
        ("seed --users 5", "--credentials"),
        ("seed --demo --users 5 --credentials x", "--demo"),
        ("token create --name x", "--scope"),
        (
            "token create --name x --scope all",
            "publish, stats, observe",
        ),
        ("user promote 9", "handle"),
        ("user demote", "HANDLE"),
        ("--inbox-max 0", "QUAD_INBOX_MAX"),
        ("--push-contact ops@quad.example", "mailto:"),
        ("--push-contact mailto:", "QUAD_PUSH_CONTACT"),
        ("--push-after soon", "QUAD_PUSH_AFTER"),
        ("--push-after 2h", "10s"),
        ("--metrics-addr here", "QUAD_METRICS_ADDR"),
        ("--max-connections 0", "QUAD_MAX_CONNECTIONS"),
        ("--http2 maybe", "QUAD_HTTP2"),
    ] {
        let line = wrong(text);
        assert!(
            line.starts_with("error: ") && !line.contains('\n'),
            "{text}: {line}"
        );
        assert!(
            line.contains(says) && !line.contains("hunter2"),
            "{text}: {line}"
        );
    }
}

#[test]
fn help_names_every_setting_and_its_variable() {
    for text in ["--help", "serve --help"] {
        let Err(CommandLineError::Asked(help)) = line(text) else {
            panic!("no help");
        };
        for (flag, variable) in [
            ("--demo", "QUAD_DEMO"),
            ("--addr", "QUAD_ADDR"),
            ("--redis-url", "REDIS_URL"),
            ("--data-dir", "QUAD_DATA_DIR"),
            ("--public-origin", "QUAD_PUBLIC_ORIGIN"),
            ("--trusted-proxies", "QUAD_TRUSTED_PROXIES"),
            ("--rate-limits", "QUAD_RATE_LIMITS"),
            ("--site-dir", "QUAD_SITE_DIR"),
            ("--workers", "QUAD_WORKERS"),
            ("--log", "QUAD_LOG"),
            ("--log-format", "QUAD_LOG_FORMAT"),
            ("--inbox-max", "QUAD_INBOX_MAX"),
            ("--inbox-days", "QUAD_INBOX_DAYS"),
            ("--max-sockets-per-user", "QUAD_MAX_SOCKETS_PER_USER"),
            ("--max-sockets-per-token", "QUAD_MAX_SOCKETS_PER_TOKEN"),
            ("--drain-seconds", "QUAD_DRAIN_SECONDS"),
            ("--push-contact", "QUAD_PUSH_CONTACT"),
            ("--push-after", "QUAD_PUSH_AFTER"),
            ("--metrics-addr", "QUAD_METRICS_ADDR"),
            ("--max-connections", "QUAD_MAX_CONNECTIONS"),
            (
                "--max-connections-per-address",
                "QUAD_MAX_CONNECTIONS_PER_ADDRESS",
            ),
            ("--http2", "QUAD_HTTP2"),
            ("--allow-no-rate-limits", "QUAD_ALLOW_NO_RATE_LIMITS"),
            ("--allow-no-public-origin", "QUAD_ALLOW_NO_PUBLIC_ORIGIN"),
        ] {
            assert!(help.contains(flag), "{text}: {flag}");
            assert!(
                help.contains(&format!("[env: {variable}]")),
                "{text}: {variable}"
            );
        }
    }
    assert!(matches!(line("--version"), Err(CommandLineError::Asked(_))));
    // Help, or a line that says what is missing: clap counts a setting of the environment as an argument.
    assert!(line("token").is_err());
}
