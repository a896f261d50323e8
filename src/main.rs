//! The command line: reads the settings, finds the store, and does what was asked.

mod tokens;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
};

use quad::{
    config::{self, Command, CommandLineError, Config, LogConfig, LogFormat, StoreUrl},
    embedded::{Embedded, EmbeddedError},
    seed::{self, SeedError},
    server::{self, Server, StartError},
    service::Service,
    store::{accounts::Role, now},
};
use tracing_subscriber::EnvFilter;

/// A like makes dozens of small allocations on its way; with the system's allocator they were a
/// fifth of its cost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Why a command failed: one line on the standard error.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("{0}")]
    Embedded(#[from] EmbeddedError),
    #[error("{0}")]
    Seed(#[from] SeedError),
    #[error("{0}")]
    Refused(#[from] app::error::QuadError),
    #[error("{0}")]
    Store(#[from] quad::store::StoreError),
    #[error("{0}")]
    Exposed(#[from] config::Exposed),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("there is no token {0}; `quad token list` shows those that there are")]
    NoSuchToken(String),
}

fn main() -> ExitCode {
    let (command, config) = match config::parse(std::env::args_os()) {
        Ok(parsed) => parsed,
        Err(CommandLineError::Asked(text)) => {
            // Whoever closed the pipe has read enough.
            let _ = write!(io::stdout(), "{text}");
            return ExitCode::SUCCESS;
        }
        Err(CommandLineError::Wrong(line)) => {
            let _ = writeln!(io::stderr(), "{line}");
            return ExitCode::from(2);
        }
    };
    log_to_stderr(&config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.workers)
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(command, &config)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "quad: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, config: &Config) -> Result<(), Failure> {
    match command {
        Command::Serve { demo } => serve(config, demo).await,
        other => {
            let (url, borrowed) = match &config.store {
                StoreUrl::Embedded => {
                    let borrowed = Embedded::borrow(&config.data_dir).await?;
                    (StoreUrl::Single(borrowed.url()), Some(borrowed))
                }
                url => (url.clone(), None),
            };
            let done = work(other, config, &url).await;
            if let Some(borrowed) = borrowed {
                borrowed.release().await?;
            }
            done
        }
    }
}

async fn serve(config: &Config, demo: bool) -> Result<(), Failure> {
    config.check_exposure()?;
    if !config.rate_limits {
        tracing::warn!("rates are not limited: for load tests on this machine only");
    }
    if let Some(service) = &config.push.test_service {
        tracing::warn!("pushes may go to {service}: for tests on this machine only");
    }
    let embedded = match &config.store {
        StoreUrl::Embedded => Some(Embedded::start(&config.data_dir).await?),
        _ => None,
    };
    let url = match &embedded {
        Some(embedded) => StoreUrl::Single(embedded.url()),
        None => config.store.clone(),
    };
    let served = async {
        let server = Server::start(config, &url, demo).await?;
        tracing::info!("Quad is at http://{}", server.address());
        server.run(quit()).await;
        Ok(())
    };
    let served: Result<(), Failure> = served.await;
    if let Some(embedded) = embedded {
        embedded.stop().await?;
    }
    served
}

/// A command that works on the store and ends.
async fn work(command: Command, config: &Config, url: &StoreUrl) -> Result<(), Failure> {
    let service: Arc<Service> = server::service(config, url).await?;
    match command {
        Command::Serve { .. } => Ok(()),
        Command::SeedDemo => {
            let new = seed::demo(&service).await?;
            say(&match new {
                0 => "The demo's people are there already.".to_owned(),
                new => format!("{new} people have moved in."),
            })
        }
        Command::SeedUsers { users, credentials } => {
            seed::users(&service, users, &credentials).await?;
            say(&format!(
                "{users} people; their tokens are in {}",
                credentials.display()
            ))
        }
        Command::CreateToken { name, scopes, life } => {
            let (token, made) = service.create_token(&name, &scopes, life).await?;
            say(&format!(
                "Token {} ends on {}. This is the only time that it is shown:",
                made.id,
                tokens::day(made.token.expires)
            ))?;
            say(&token.reveal())
        }
        Command::ListTokens => {
            let listed = service.list_tokens().await?;
            Ok(write!(io::stdout(), "{}", tokens::table(&listed, now()))?)
        }
        Command::RevokeToken { id } => match service.revoke_token(&id).await? {
            Some(name) => say(&format!("Token {id} ({name}) opens nothing any more.")),
            None => Err(Failure::NoSuchToken(id)),
        },
        Command::PromoteUser { handle } => {
            let person = service.set_role(&handle, Role::Admin).await?;
            say(&format!(
                "{} (@{handle}) is an administrator now.",
                person.name
            ))
        }
        Command::DemoteUser { handle } => {
            let person = service.set_role(&handle, Role::Member).await?;
            say(&format!(
                "{} (@{handle}) is no administrator any more.",
                person.name
            ))
        }
        Command::Rebuild { restored } => {
            if restored {
                service.store().raise_generation().await?;
            }
            let posts = service.store().rebuild().await?;
            let rooms = service.store().rebuild_rooms().await?;
            let tokens = service.store().rebuild_tokens().await?;
            say(&format!(
                "Feed and trending hold {posts} posts, the directory {rooms} rooms, the list of \
                 tokens {tokens}."
            ))
        }
    }
}

fn say(line: &str) -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// Ends when the process is asked to: Ctrl-C at a terminal, SIGTERM from whoever runs it.
async fn quit() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        tracing::error!("cannot listen for signals");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn log_to_stderr(config: &LogConfig) {
    let builder = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_env_filter(EnvFilter::new(&config.filter));
    match config.format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder.json().init(),
    }
}
