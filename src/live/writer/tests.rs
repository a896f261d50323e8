//! A writer and what comes out of it.

use tokio::{io::AsyncReadExt, net::TcpListener};

use super::*;
use crate::live::places::Places;

fn bytes(frame: &Frame) -> &Bytes {
    frame.bytes(Encoding::Json).unwrap()
}

async fn pair() -> (Writer, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connect = TcpStream::connect(listener.local_addr().unwrap());
    let (client, accepted) = tokio::join!(connect, listener.accept());
    let (server, _) = accepted.unwrap();
    server.writable().await.unwrap();
    (Writer::socket(server, Encoding::Json), client.unwrap())
}

#[tokio::test]
async fn frames_arrive_whole_and_in_order_though_the_reader_is_slow() {
    let (writer, mut client) = pair().await;
    // More than the kernel's buffers hold, less than the bound on what waits.
    let frames: Vec<Frame> = (0..200)
        .map(|i| Frame::json(&vec![i as u8; 20_000]))
        .collect();
    let expected: Vec<u8> = frames.iter().flat_map(|f| bytes(f).to_vec()).collect();
    let sending = async {
        for frame in &frames {
            writer.send(frame);
            writer.settle().await;
        }
    };
    let mut received = vec![0; expected.len()];
    let (_, read) = tokio::join!(sending, client.read_exact(&mut received));
    read.unwrap();
    assert!(received == expected);
}

#[tokio::test]
async fn a_reader_that_stops_is_closed_and_nobody_waits_for_it() {
    let (writer, mut client) = pair().await;
    let frame = Frame::json(&[b'x'; 30_000]);
    for _ in 0..MOST_FRAMES * 2 {
        writer.send(&frame);
    }
    assert!(writer.is_closing());
    assert!(writer.state().bytes <= MOST_BYTES + 2 * bytes(&frame).len());
    let mut received = Vec::new();
    let reading = async {
        let mut chunk = vec![0; 65_536];
        while let Ok(read) = client.read(&mut chunk).await {
            received.extend_from_slice(&chunk[..read]);
            if received.ends_with(&frame::close(CloseCode::TooSlow)) {
                break;
            }
        }
    };
    // The one who writes is free at once; the goodbye waits for the reader.
    assert_eq!(writer.drain().await, Drained::Closed);
    tokio::join!(writer.last_words(), reading);
    let close = frame::close(CloseCode::TooSlow);
    assert_eq!((received.len() - close.len()) % bytes(&frame).len(), 0);
}

#[tokio::test]
async fn who_waits_for_a_reader_is_free_once_the_socket_closes() {
    let (writer, _client) = pair().await;
    while writer.state().queue.is_empty() {
        writer.send(&Frame::json(&[b'x'; 30_000]));
    }
    let close = async { writer.close(CloseCode::NoPong) };
    tokio::join!(writer.settle(), close);
    assert_eq!(writer.drain().await, Drained::Closed);
}

#[tokio::test]
async fn of_many_values_the_first_and_the_last_arrive() {
    let (writer, mut client) = pair().await;
    let topic = Topic::new("post".into());
    for value in 0..100u8 {
        writer.send_latest(&topic, &Frame::json(&[value]));
    }
    let mut received = [0; 6];
    tokio::select! {
        read = client.read_exact(&mut received) => drop(read.unwrap()),
        _ = writer.drain() => panic!("nobody closed it"),
    }
    assert_eq!([received[2], received[5]], [0, 99]);
}

#[tokio::test]
async fn nothing_follows_a_close() {
    let (writer, mut client) = pair().await;
    writer.close(CloseCode::Drain);
    writer.ping();
    assert_eq!(writer.drain().await, Drained::Closed);
    drop(writer);
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, frame::close(CloseCode::Drain));
}

#[tokio::test]
async fn events_wait_for_whoever_takes_them_and_too_many_end_the_stream() {
    let writer = Writer::events(EventStream::new(Places::default()));
    let frame = Frame::json(br#"{"type":"post","post_id":"0abcdefg.1","likes":3}"#);
    writer.send(&frame);
    writer.ping();
    let taken = writer.next_event().await.unwrap();
    assert!(taken.starts_with(b"data: {") && taken.ends_with(b"}\n\n"));
    assert_eq!(writer.next_event().await.unwrap(), EventStream::comment());
    for _ in 0..MOST_FRAMES * 2 {
        writer.send(&frame);
    }
    assert_eq!(writer.drain().await, Drained::Closed);
    let (close, _) = tokio::join!(writer.next_event(), writer.last_words());
    assert_eq!(close, Some(EventStream::close(CloseCode::TooSlow)));
    assert_eq!(writer.next_event().await, None);
}

#[tokio::test]
async fn a_stream_that_is_abandoned_is_broken() {
    let writer = Writer::events(EventStream::new(Places::default()));
    writer.send(&Frame::json(b"{}"));
    let (drained, ()) = tokio::join!(writer.drain(), async { writer.abandon() });
    assert_eq!(drained, Drained::Broken);
    assert_eq!(writer.next_event().await, None);
}
