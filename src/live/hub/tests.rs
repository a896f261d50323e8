use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::live::encoding::Encoding;

async fn join(hub: &Hub) -> (Arc<Connection>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connect = TcpStream::connect(listener.local_addr().unwrap());
    let (client, accepted) = tokio::join!(connect, listener.accept());
    let server = accepted.unwrap().0;
    server.writable().await.unwrap();
    let owner = Owner::Token {
        token: "t".into(),
        observes: false,
        until: u64::MAX,
    };
    (
        hub.connect(owner, Writer::socket(server, Encoding::Json)),
        client.unwrap(),
    )
}

async fn received(hub: &Hub, connection: Arc<Connection>, mut client: TcpStream) -> String {
    hub.disconnect(&connection);
    drop(connection);
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).await.unwrap();
    bytes.chunks(3).map(|frame| frame[2] as char).collect()
}

fn frame(letter: &str) -> Frame {
    Frame::json(letter.as_bytes())
}

#[tokio::test]
async fn what_comes_while_catching_up_follows_once_and_in_order() {
    let hub = Hub::default();
    let (connection, client) = join(&hub).await;
    let topic = Topic::new("t".into());
    hub.listen(&topic, &connection, Carries::History);
    hub.deliver("t", 1, &frame("a"));
    hub.deliver("t", 2, &frame("b"));
    connection.writer.send(&frame("A"));
    hub.release(&topic, &connection, 1);
    hub.deliver("t", 2, &frame("x"));
    hub.deliver("t", 3, &frame("c"));
    assert_eq!(received(&hub, connection, client).await, "Abc");
}

#[tokio::test]
async fn a_crowd_gets_everything_in_order_and_newcomers_what_follows() {
    let hub = Arc::new(Hub::default());
    let topic = Topic::new("t".into());
    let mut crowd = Vec::new();
    for _ in 0..600 {
        let (connection, client) = join(&hub).await;
        hub.listen(&topic, &connection, Carries::History);
        hub.release(&topic, &connection, 0);
        crowd.push((connection, client));
    }
    for (seq, letter) in ["a", "b", "c"].iter().enumerate() {
        hub.deliver("t", seq as u64 + 1, &frame(letter));
    }
    let (late, late_client) = join(&hub).await;
    hub.listen(&topic, &late, Carries::History);
    hub.release(&topic, &late, 2);
    let stop = CancellationToken::new();
    let serving = tokio::spawn({
        let (hub, stop) = (hub.clone(), stop.clone());
        async move { hub.serve_crowds(stop).await }
    });
    for (connection, mut client) in crowd {
        let mut bytes = [0; 9];
        client.read_exact(&mut bytes).await.unwrap();
        assert_eq!([bytes[2], bytes[5], bytes[8]], *b"abc");
        drop(connection);
    }
    stop.cancel();
    serving.await.unwrap();
    assert_eq!(received(&hub, late, late_client).await, "c");
}

#[tokio::test]
async fn a_late_goodbye_evicts_nobody_else() {
    let hub = Hub::default();
    let topic = Topic::new("t".into());
    let (first, _gone) = join(&hub).await;
    hub.listen(&topic, &first, Carries::History);
    hub.release(&topic, &first, 0);
    assert_eq!(hub.disconnect(&first), std::slice::from_ref(&topic));
    let (second, client) = join(&hub).await;
    hub.listen(&topic, &second, Carries::History);
    hub.release(&topic, &second, 0);
    assert!(hub.disconnect(&first).is_empty());
    hub.deliver("t", 1, &frame("a"));
    assert_eq!(hub.count("t"), 1);
    assert_eq!(received(&hub, second, client).await, "a");
    assert!(hub.is_empty() && hub.count("t") == 0);
}

#[tokio::test]
async fn the_connections_of_a_token_are_counted_and_end_with_it() {
    let hub = Hub::default();
    let (first, _a) = join(&hub).await;
    let (second, _b) = join(&hub).await;
    assert!(hub.admit(&first, 1) && !hub.admit(&second, 1));
    hub.disconnect(&first);
    hub.disconnect(&first);
    assert!(hub.admit(&second, 1));
    hub.end_token("u");
    assert!(!second.writer.is_closing());
    hub.end_token("t");
    assert!(second.writer.is_closing());
    hub.disconnect(&second);
}

#[tokio::test]
async fn only_the_sockets_of_the_ended_session_close() {
    let hub = Hub::default();
    let user: UserId = "0abcdefg".parse().unwrap();
    let (mut ends, mut clients) = (Vec::new(), Vec::new());
    for session in ["a", "b"] {
        let (connection, client) = join(&hub).await;
        clients.push(client);
        let owner = Owner::Session {
            user: user.clone(),
            session: session.into(),
        };
        let connection = Arc::into_inner({
            hub.disconnect(&connection);
            connection
        })
        .unwrap();
        ends.push(hub.connect(owner, connection.writer));
    }
    hub.end_sessions(&user, Some("a"), None);
    assert!(ends[0].writer.is_closing() && !ends[1].writer.is_closing());
    hub.end_sessions(&user, None, Some("b"));
    assert!(!ends[1].writer.is_closing());
    hub.end_sessions(&user, None, None);
    assert!(ends[1].writer.is_closing());
}
