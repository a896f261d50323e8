//! The command line as clap reads it. The doc comments here are the settings' documentation.

use std::{
    env,
    ffi::OsString,
    net::SocketAddr,
    num::NonZero,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use app::model::Handle;
use clap::{
    Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    builder::FalseyValueParser,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{
    Command, CommandLineError, Config, InboxLimits, LogConfig, PushConfig, StoreUrl,
    connections::ConnectionArgs,
};
use crate::security::{client_addr::TrustedProxies, origin::Origin, token::Scope};

/// A social feed that people host themselves: a like becomes a toast within milliseconds, and is
/// never lost.
///
/// Without a command it serves. Every setting is a flag and an environment variable; the flag
/// goes first.
#[derive(Parser)]
#[command(
    name = "quad",
    version,
    subcommand_value_name = "COMMAND",
    disable_help_subcommand = true
)]
#[command(max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<CommandArgs>,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Subcommand)]
enum CommandArgs {
    /// Run the server (the default).
    Serve(ServeArgs),
    /// Fill the store: with a demo to look at, or with people for load tests.
    Seed(SeedArgs),
    /// API tokens, for other programs.
    #[command(subcommand, arg_required_else_help = true)]
    Token(TokenArgs),
    /// People.
    #[command(subcommand, arg_required_else_help = true)]
    User(UserArgs),
    /// Make the derived data (feed, trending) again from what is stored.
    Rebuild(RebuildArgs),
}

#[derive(Args)]
struct RebuildArgs {
    /// A backup was put back: clients reload instead of catching up with what it has not. Stop
    /// the servers first.
    #[arg(long)]
    restored: bool,
}

#[derive(Args)]
struct ServeArgs {
    /// Let the demo's people like what is posted. Every page says so.
    #[arg(long, env = "QUAD_DEMO", hide_env_values = true, value_parser = FalseyValueParser::new())]
    demo: bool,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
struct SeedArgs {
    /// People, posts and likes to look at. Running it twice changes nothing.
    #[arg(long, conflicts_with = "users")]
    demo: bool,
    /// Make N people with a session and a post each.
    #[arg(long, value_name = "N", requires = "credentials", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    users: Option<u32>,
    /// Where to write a line for each: user id, session token, post id, tab-separated.
    #[arg(long, value_name = "FILE", requires = "users")]
    credentials: Option<PathBuf>,
}

#[derive(Subcommand)]
enum TokenArgs {
    /// Make a token and print it, once, alone on the last line.
    Create {
        /// What to call it, 1 to 50 characters.
        #[arg(long, value_parser = token_name)]
        name: String,
        /// What it may do: publish, stats, observe; several with commas between.
        #[arg(long, required = true, value_delimiter = ',', value_name = "SCOPES")]
        scope: Vec<Scope>,
        /// For how long it is good: a number with a unit, s, m, h, d, w or y, up to ten years.
        #[arg(long, value_name = "TIME", default_value = "1y", value_parser = life)]
        expires: Duration,
    },
    /// List the tokens: id, name, scopes, and when each was made, ends and was used last.
    List,
    /// End a token now. Its connections close on every server within a second.
    Revoke {
        /// Its id, as `quad token list` shows it.
        id: String,
    },
}

#[derive(Subcommand)]
enum UserArgs {
    /// Make somebody an administrator.
    Promote {
        /// Their handle.
        #[arg(value_parser = handle)]
        handle: Handle,
    },
    /// Make an administrator somebody like all others again.
    Demote {
        /// Their handle.
        #[arg(value_parser = handle)]
        handle: Handle,
    },
}

/// Clap takes an `Option` for a setting that may be left away; this one may be left empty.
type MaybeOrigin = Option<Origin>;
type MaybeText = Option<String>;
/// The same for several in one setting.
type Handles = Vec<Handle>;

#[derive(Args)]
#[command(next_help_heading = "Settings")]
struct SettingsArgs {
    /// Where to listen, as ADDRESS:PORT. Port 0 takes a free one, which the log says.
    #[arg(
        long,
        env = "QUAD_ADDR",
        global = true,
        default_value = "127.0.0.1:3000"
    )]
    addr: SocketAddr,
    /// The Redis to use. Left empty, Quad runs a private redis-server in the data folder.
    ///
    /// redis://HOST:PORT, rediss://HOST:PORT (TLS), redis+unix:///PATH,
    /// redis+sentinel://HOST:PORT,HOST:PORT/NAME or redis+cluster://HOST:PORT,HOST:PORT, with
    /// USER:PASSWORD@ before the host where needed.
    #[arg(
        long,
        env = "REDIS_URL",
        global = true,
        default_value = "",
        hide_default_value = true,
        value_name = "URL"
    )]
    redis_url: String,
    /// Where the embedded store keeps its files.
    #[arg(
        long,
        env = "QUAD_DATA_DIR",
        global = true,
        default_value = "./data",
        value_name = "FOLDER"
    )]
    data_dir: PathBuf,
    /// Under which origin people reach the site, such as https://quad.example.
    ///
    /// Needed wherever that is not this very machine: cookies and forms are taken from no other
    /// origin.
    #[arg(long, env = "QUAD_PUBLIC_ORIGIN", global = true, default_value = "", hide_default_value = true,
        value_name = "ORIGIN", value_parser = maybe_origin)]
    public_origin: MaybeOrigin,
    /// Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
    ///
    /// Addresses and ranges such as 10.0.0.0/8, with commas between.
    #[arg(
        long,
        env = "QUAD_TRUSTED_PROXIES",
        global = true,
        default_value = "",
        hide_default_value = true,
        value_name = "RANGES"
    )]
    trusted_proxies: TrustedProxies,
    /// Whether rates are limited. Off is for load tests on loopback; the log warns.
    #[arg(
        long,
        env = "QUAD_RATE_LIMITS",
        global = true,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true
    )]
    rate_limits: Switch,
    /// Where the browser's files are.
    ///
    /// By default target/site in the working folder, else the folder site beside that of the
    /// program.
    #[arg(long, env = "QUAD_SITE_DIR", global = true, value_name = "FOLDER")]
    site_dir: Option<PathBuf>,
    /// How many threads serve requests; by default one for two cores.
    ///
    /// More of them cost more in wake-ups than they gain, until all are busy.
    #[arg(long, env = "QUAD_WORKERS", global = true, value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// What is logged: error, warn, info, debug or trace.
    ///
    /// Also by module, such as quad::live=debug,info.
    #[arg(long, env = "QUAD_LOG", global = true, default_value = "info", value_name = "FILTER", value_parser = log_filter)]
    log: String,
    /// How it is logged: text for people, json for programs.
    #[arg(
        long,
        env = "QUAD_LOG_FORMAT",
        global = true,
        default_value = "text",
        value_name = "text|json",
        hide_possible_values = true
    )]
    log_format: LogFormat,
    /// How many entries of an inbox are kept.
    #[arg(long, env = "QUAD_INBOX_MAX", global = true, default_value_t = 1000, value_name = "ENTRIES",
        value_parser = clap::value_parser!(u32).range(1..))]
    inbox_max: u32,
    /// For how many days an inbox keeps an entry.
    #[arg(long, env = "QUAD_INBOX_DAYS", global = true, default_value_t = 90, value_name = "DAYS",
        value_parser = clap::value_parser!(u32).range(1..=36_500))]
    inbox_days: u32,
    /// For how many days a session lasts, however much it is used.
    ///
    /// One that is not used for 30 days ends before.
    #[arg(long, env = "QUAD_SESSION_DAYS", global = true, default_value_t = 90, value_name = "DAYS",
        value_parser = clap::value_parser!(u32).range(1..=3_650))]
    session_days: u32,
    /// Whom push services may write to about our pushes: a mailto: or https: URL.
    ///
    /// By default the public origin, where that is https. Some push services take nothing
    /// without.
    #[arg(long, env = "QUAD_PUSH_CONTACT", global = true, default_value = "", hide_default_value = true,
        value_name = "URL", value_parser = maybe_contact)]
    push_contact: MaybeText,
    /// How long a page may take to show a notification before it is pushed, such as 10s or 500ms.
    #[arg(long, env = "QUAD_PUSH_AFTER", global = true, default_value = "10s", value_name = "TIME",
        value_parser = duration)]
    push_after: Duration,
    /// The tests' own push service. It is called whatever its address.
    #[arg(long, env = "QUAD_PUSH_TEST_SERVICE", global = true, default_value = "", hide = true,
        value_parser = maybe_origin)]
    push_test_service: MaybeOrigin,
    /// Handles that nobody can sign up with, such as the names of your offices, with commas between.
    ///
    /// What looks like one of them is reserved too. Those of Quad itself, such as admin and support,
    /// are always reserved. Whoever has such a handle keeps it.
    #[arg(long, env = "QUAD_RESERVED_HANDLES", global = true, default_value = "", hide_default_value = true,
        value_name = "HANDLES", value_parser = handles)]
    reserved_handles: Handles,
    /// How many WebSockets one person may have open at once.
    #[arg(long, env = "QUAD_MAX_SOCKETS_PER_USER", global = true, default_value_t = 32, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..))]
    max_sockets_per_user: u32,
    /// How many WebSockets and streams of events one API token may have open at once.
    #[arg(long, env = "QUAD_MAX_SOCKETS_PER_TOKEN", global = true, default_value_t = 256, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..))]
    max_sockets_per_token: u32,
    /// How many seconds open connections may take to end when the server stops.
    #[arg(long, env = "QUAD_DRAIN_SECONDS", global = true, default_value_t = 10, value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(0..=3600))]
    drain_seconds: u32,
    #[command(flatten)]
    connections: ConnectionArgs,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}

pub(super) fn parse<I, T>(arguments: I) -> Result<(Command, Config), CommandLineError>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    // Help names the variables, and not what they hold: there may be a password in them.
    let mut clap = CommandLine::command().mut_args(|arg| arg.hide_env_values(true));
    let matches = clap
        .try_get_matches_from_mut(arguments)
        .map_err(|error| one_line(&clap, &error))?;
    let line = CommandLine::from_arg_matches(&matches).map_err(|error| one_line(&clap, &error))?;
    let config = resolve(line.settings)?;
    let command = match line.command {
        None => Command::Serve {
            demo: line.serve.demo,
        },
        Some(CommandArgs::Serve(serve)) => Command::Serve {
            demo: serve.demo || line.serve.demo,
        },
        Some(CommandArgs::Seed(SeedArgs {
            users: Some(users),
            credentials: Some(credentials),
            ..
        })) => Command::SeedUsers { users, credentials },
        Some(CommandArgs::Seed(_)) => Command::SeedDemo,
        Some(CommandArgs::Token(TokenArgs::Create {
            name,
            mut scope,
            expires,
        })) => {
            scope.sort();
            scope.dedup();
            Command::CreateToken {
                name,
                scopes: scope,
                life: expires,
            }
        }
        Some(CommandArgs::Token(TokenArgs::List)) => Command::ListTokens,
        Some(CommandArgs::Token(TokenArgs::Revoke { id })) => Command::RevokeToken { id },
        Some(CommandArgs::User(UserArgs::Promote { handle })) => Command::PromoteUser { handle },
        Some(CommandArgs::User(UserArgs::Demote { handle })) => Command::DemoteUser { handle },
        Some(CommandArgs::Rebuild(RebuildArgs { restored })) => Command::Rebuild { restored },
    };
    Ok((command, config))
}

fn resolve(settings: SettingsArgs) -> Result<Config, CommandLineError> {
    // Clap would repeat the URL, and the password in it, so it is parsed here.
    let store: StoreUrl = settings.redis_url.parse().map_err(|error| {
        CommandLineError::Wrong(format!(
            "error: wrong value for '--redis-url' (REDIS_URL): {error}"
        ))
    })?;
    let push = PushConfig {
        contact: settings.push_contact.or_else(|| {
            let public = settings.public_origin.as_ref();
            public
                .filter(|origin| origin.is_https())
                .map(Origin::to_string)
        }),
        after: settings.push_after,
        test_service: settings.push_test_service,
    };
    let rate_limits = settings.rate_limits == Switch::On;
    let (connections, metrics_addr, allowed) = settings.connections.resolve(rate_limits);
    Ok(Config {
        addr: settings.addr,
        metrics_addr,
        connections,
        allowed,
        store,
        data_dir: settings.data_dir,
        public_origin: settings.public_origin,
        trusted_proxies: settings.trusted_proxies,
        rate_limits,
        site_dir: settings.site_dir.unwrap_or_else(default_site_dir),
        workers: settings.workers.map_or_else(default_workers, usize::from),
        log: LogConfig {
            filter: settings.log,
            format: settings.log_format,
        },
        inbox: InboxLimits {
            max_entries: settings.inbox_max.into(),
            max_age: Duration::from_secs(u64::from(settings.inbox_days) * 24 * 60 * 60),
        },
        session_age: Duration::from_secs(u64::from(settings.session_days) * 24 * 60 * 60),
        push,
        reserved_handles: settings.reserved_handles,
        max_sockets_per_user: usize::try_from(settings.max_sockets_per_user).unwrap_or(usize::MAX),
        max_sockets_per_token: usize::try_from(settings.max_sockets_per_token)
            .unwrap_or(usize::MAX),
        drain: Duration::from_secs(settings.drain_seconds.into()),
    })
}

/// The folder that a build leaves, or the one that is installed beside the program.
fn default_site_dir() -> PathBuf {
    let built = PathBuf::from("target/site");
    if built.is_dir() {
        return built;
    }
    let program = env::current_exe().ok();
    let installed = program
        .as_deref()
        .and_then(Path::parent)
        .and_then(Path::parent);
    match installed.map(|folder| folder.join("site")) {
        Some(installed) if installed.is_dir() => installed,
        _ => built,
    }
}

/// The other half of the cores is for Redis and the kernel. Measured: with more threads than
/// work, waking them costs more than what they do.
fn default_workers() -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    (cores / 2).max(1)
}

fn maybe_origin(text: &str) -> Result<MaybeOrigin, crate::security::origin::NoSuchOrigin> {
    if text.is_empty() {
        Ok(None)
    } else {
        text.parse().map(Some)
    }
}

fn maybe_contact(text: &str) -> Result<MaybeText, &'static str> {
    let known = ["mailto:", "https://"]
        .iter()
        .any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
    match text {
        "" => Ok(None),
        _ if known && text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(text.to_owned())),
        _ => Err("a contact is a mailto: or https: URL, such as mailto:ops@quad.example"),
    }
}

pub(super) fn duration(text: &str) -> Result<Duration, &'static str> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => (text.strip_suffix('s').unwrap_or(text), 1_000),
    };
    let number = number.parse::<u32>().ok();
    let millis = number.map(|number| u64::from(number) * unit);
    millis
        .filter(|millis| *millis <= 3_600_000)
        .map(Duration::from_millis)
        .ok_or("a time is a number of seconds or milliseconds up to an hour, such as 10s or 500ms")
}

/// How long a token is good for.
fn life(text: &str) -> Result<Duration, &'static str> {
    const LONGEST: u64 = 10 * YEAR;
    const DAY: u64 = 24 * 60 * 60;
    const YEAR: u64 = 365 * DAY;
    let unit = |unit: char| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(60 * 60),
        'd' => Some(DAY),
        'w' => Some(7 * DAY),
        'y' => Some(YEAR),
        _ => None,
    };
    let mut characters = text.chars();
    let seconds = characters.next_back().and_then(unit);
    let number = characters.as_str();
    let number = number
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(number);
    let number = number.and_then(|number| number.parse::<u64>().ok());
    let seconds = number.zip(seconds);
    let seconds = seconds.and_then(|(number, seconds)| number.checked_mul(seconds));
    seconds
        .filter(|seconds| (1..=LONGEST).contains(seconds))
        .map(Duration::from_secs)
        .ok_or("a token ends after a number of s, m, h, d, w or y, up to ten years, such as 90d")
}

fn log_filter(text: &str) -> Result<String, tracing_subscriber::filter::ParseError> {
    tracing_subscriber::EnvFilter::builder().parse(text)?;
    Ok(text.to_owned())
}

fn handle(text: &str) -> Result<Handle, app::error::QuadError> {
    text.strip_prefix('@').unwrap_or(text).parse()
}

fn handles(text: &str) -> Result<Handles, app::error::QuadError> {
    let names = text.split(',').map(str::trim);
    names.filter(|name| !name.is_empty()).map(handle).collect()
}

fn token_name(text: &str) -> Result<String, app::error::QuadError> {
    crate::validate::label("name", text)
}

/// Clap explains at length; we say what is wrong in one line, with the variable's name.
fn one_line(clap: &clap::Command, error: &clap::Error) -> CommandLineError {
    let text = error.to_string();
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::DisplayVersion
    ) {
        return CommandLineError::Asked(text);
    }
    let first = text.split("\n\n").next().unwrap_or_default();
    let mut line = first.split_whitespace().collect::<Vec<_>>().join(" ");
    let wrong = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => clap
            .get_arguments()
            .find(|known| known.to_string() == *argument),
        _ => None,
    };
    if let Some(variable) = wrong.and_then(clap::Arg::get_env) {
        line = format!("{line} (also set by {})", variable.to_string_lossy());
    }
    CommandLineError::Wrong(line)
}

#[cfg(test)]
mod tests;
