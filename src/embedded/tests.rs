use std::{fs, process::Command};

use redis::AsyncCommands;
use tempfile::TempDir;

use super::*;

async fn connect(url: &str) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(url).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

async fn write(url: &str, key: &str) {
    let _: () = connect(url).await.set(key, "kept").await.unwrap();
}

async fn read(url: &str, key: &str) -> Option<String> {
    connect(url).await.get(key).await.unwrap()
}

async fn pid(url: &str) -> u32 {
    let info: String = redis::cmd("INFO")
        .arg("server")
        .query_async(&mut connect(url).await)
        .await
        .unwrap();
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("process_id:"))
        .unwrap();
    line.trim().parse().unwrap()
}

fn signal(pid: u32, name: &str) {
    assert!(
        Command::new("kill")
            .args([name, &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

/// What `kill -9` does: the process goes on alone, and the lock is free.
async fn crash(mut embedded: Embedded) {
    let owner = embedded.owner.take().unwrap();
    owner.abort();
    owner.await.ok();
}

/// Starts where another one was cut off. A process that another test starts just then keeps its files
/// open, the lock among them, until it runs its own program.
async fn start_again(folder: &Path) -> Embedded {
    until(|| async {
        match Embedded::start(folder).await {
            Err(EmbeddedError::Locked { .. }) => None,
            started => Some(started.unwrap()),
        }
    })
    .await
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

async fn until<T, F: Future<Output = Option<T>>>(mut attempt: impl FnMut() -> F) -> T {
    for _ in 0..500 {
        if let Some(found) = attempt().await {
            return found;
        }
        time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it took more than ten seconds");
}

#[tokio::test]
async fn it_starts_keeps_and_stops() {
    let data = folder();
    let embedded = Embedded::start(data.path()).await.unwrap();
    let url = embedded.url();
    write(&url, "a").await;
    assert!(probe::is_sound(&embedded.place).await.unwrap());
    let before = pid(&url).await;
    embedded.stop().await.unwrap();
    assert!(
        !fs::exists(format!("/proc/{before}")).unwrap(),
        "it waits until the process is gone"
    );
    let embedded = Embedded::start(data.path()).await.unwrap();
    assert_eq!(read(&embedded.url(), "a").await.as_deref(), Some("kept"));
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn one_that_dies_is_started_again_with_its_data() {
    let data = folder();
    let embedded = Embedded::start(data.path()).await.unwrap();
    let url = embedded.url();
    write(&url, "a").await;
    for _ in 0..2 {
        let before = pid(&url).await;
        signal(before, "-KILL");
        until(async || {
            probe::ask(&embedded.place.socket)
                .await
                .is_ready()
                .then_some(())
        })
        .await;
        assert_ne!(pid(&url).await, before);
        assert_eq!(read(&url, "a").await.as_deref(), Some("kept"));
    }
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn one_that_is_left_over_is_adopted_watched_and_stopped() {
    let data = folder();
    let embedded = Embedded::start(data.path()).await.unwrap();
    let url = embedded.url();
    write(&url, "a").await;
    let before = pid(&url).await;
    crash(embedded).await;
    let embedded = start_again(data.path()).await;
    assert_eq!(pid(&url).await, before, "adopted");
    let _: () = redis::cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("normal")
        .arg("SKIPME")
        .arg("yes")
        .query_async(&mut connect(&url).await)
        .await
        .unwrap();
    time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        pid(&url).await,
        before,
        "a connection that ends is no reason"
    );
    signal(before, "-KILL");
    until(async || {
        probe::ask(&embedded.place.socket)
            .await
            .is_ready()
            .then_some(())
    })
    .await;
    assert_ne!(pid(&url).await, before, "watched");
    assert_eq!(read(&url, "a").await.as_deref(), Some("kept"));
    crash(embedded).await;
    let embedded = start_again(data.path()).await;
    let last = pid(&url).await;
    embedded.stop().await.unwrap();
    until(async || (!fs::exists(format!("/proc/{last}/cwd")).unwrap()).then_some(())).await;
}

#[tokio::test]
async fn one_that_is_left_over_and_unsound_or_silent_is_replaced() {
    let data = folder();
    let embedded = Embedded::start(data.path()).await.unwrap();
    let url = embedded.url();
    write(&url, "a").await;
    let unsound = pid(&url).await;
    let _: () = redis::cmd("CONFIG")
        .arg("SET")
        .arg("appendfsync")
        .arg("no")
        .query_async(&mut connect(&url).await)
        .await
        .unwrap();
    crash(embedded).await;
    let embedded = start_again(data.path()).await;
    let silent = pid(&url).await;
    assert_ne!(silent, unsound);
    assert_eq!(read(&url, "a").await.as_deref(), Some("kept"));
    crash(embedded).await;
    signal(silent, "-STOP");
    let embedded = start_again(data.path()).await;
    assert_ne!(pid(&url).await, silent);
    assert_eq!(read(&url, "a").await.as_deref(), Some("kept"));
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_moved_folder_takes_its_process_along() {
    let data = folder();
    let (old, new) = (data.path().join("old"), data.path().join("new"));
    let embedded = Embedded::start(&old).await.unwrap();
    write(&embedded.url(), "a").await;
    let before = pid(&embedded.url()).await;
    crash(embedded).await;
    fs::rename(&old, &new).unwrap();
    let embedded = start_again(&new).await;
    assert_eq!(pid(&embedded.url()).await, before);
    assert_eq!(read(&embedded.url(), "a").await.as_deref(), Some("kept"));
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_owner_is_refused_and_a_command_joins_in() {
    let data = folder();
    let embedded = Embedded::start(data.path()).await.unwrap();
    let refused = Embedded::start(data.path()).await.unwrap_err();
    assert!(
        matches!(refused, EmbeddedError::Locked { holder: Some(pid), .. } if pid == std::process::id())
    );
    let line = refused.to_string();
    assert!(
        line.contains("--data-dir") && !line.contains('\n'),
        "{line}"
    );

    let borrowed = Embedded::borrow(data.path()).await.unwrap();
    assert!(matches!(borrowed, Borrowed::Theirs { .. }));
    let url = borrowed.url();
    let stopping = tokio::spawn(embedded.stop());
    time::sleep(Duration::from_millis(300)).await;
    write(&url, "a").await;
    borrowed.release().await.unwrap();
    stopping.await.unwrap().unwrap();

    let borrowed = Embedded::borrow(data.path()).await.unwrap();
    assert!(matches!(borrowed, Borrowed::Ours(_)));
    assert_eq!(read(&borrowed.url(), "a").await.as_deref(), Some("kept"));
    borrowed.release().await.unwrap();
}

#[tokio::test]
async fn many_commands_at_once_take_turns() {
    let data = folder();
    let commands = (0..4).map(|n| {
        let folder = data.path().to_owned();
        tokio::spawn(async move {
            let borrowed = Embedded::borrow(&folder).await.unwrap();
            write(&borrowed.url(), &n.to_string()).await;
            borrowed.release().await.unwrap();
        })
    });
    for command in commands.collect::<Vec<_>>() {
        command.await.unwrap();
    }
    let borrowed = Embedded::borrow(data.path()).await.unwrap();
    for n in 0..4 {
        assert!(read(&borrowed.url(), &n.to_string()).await.is_some());
    }
    borrowed.release().await.unwrap();
}

#[tokio::test]
async fn a_long_path_and_a_strange_one_work() {
    let data = folder();
    for name in ["long".repeat(40), "it's \"a\" %41 #b".to_owned()] {
        let embedded = Embedded::start(&data.path().join(name)).await.unwrap();
        write(&embedded.url(), "a").await;
        let socket = embedded.place.socket.clone();
        embedded.stop().await.unwrap();
        if socket.starts_with("/tmp") && !socket.starts_with(data.path()) {
            fs::remove_dir_all(socket.parent().unwrap()).unwrap();
        }
    }
}

#[tokio::test]
async fn a_cut_off_file_is_read_up_to_the_cut_and_a_broken_one_is_named() {
    let data = folder();
    let embedded = Embedded::start(data.path()).await.unwrap();
    write(&embedded.url(), "a").await;
    write(&embedded.url(), "b").await;
    let files = embedded.place.folder.join("appendonlydir");
    embedded.stop().await.unwrap();
    let increment = fs::read_dir(&files)
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|path| path.to_string_lossy().contains(".incr."))
        .unwrap();
    let whole = fs::read(&increment).unwrap();
    fs::write(&increment, &whole[..whole.len() - 3]).unwrap();
    let embedded = Embedded::start(data.path()).await.unwrap();
    assert_eq!(read(&embedded.url(), "a").await.as_deref(), Some("kept"));
    assert_eq!(read(&embedded.url(), "b").await, None);
    embedded.stop().await.unwrap();

    fs::write(&increment, "nonsense nonsense nonsense").unwrap();
    let error = Embedded::start(data.path()).await.unwrap_err().to_string();
    assert!(
        error.contains("Bad file format") && !error.contains('\n'),
        "{error}"
    );
    let again = Embedded::start(data.path()).await.unwrap_err();
    assert!(
        matches!(again, EmbeddedError::Start { .. }),
        "the lock is free again: {again}"
    );
}

#[tokio::test]
async fn without_a_program_it_says_how_to_get_one() {
    let data = folder();
    let bin = folder();
    let path = || Some(bin.path().as_os_str().to_owned());
    for path in [None, Some(OsString::new()), path()] {
        let error = Embedded::start_with(data.path(), path).await.unwrap_err();
        assert!(matches!(error, EmbeddedError::NoRedis));
        assert!(
            error.to_string().contains("apt install redis-server"),
            "{error}"
        );
    }
    let program = bin.path().join("redis-server");
    fs::write(
        &program,
        "#!/bin/sh\necho 'Redis server v=6.0.16 sha=0 bits=64'\n",
    )
    .unwrap();
    fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let error = Embedded::start_with(data.path(), path()).await.unwrap_err();
    assert!(error.to_string().contains("6.0.16"), "{error}");
}
