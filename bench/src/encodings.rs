//! What frames weigh and cost, written as JSON, as MessagePack, and deflated as a WebSocket would (RFC 7692).
//!
//! No server runs: the frames are made here, like those that Quad sends, and each variant goes over all of them in turn.

use anyhow::{Context, Result};
use flate2::{Compress, Compression, FlushCompress, Status};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// Frames of each kind. Those of a history of 100 are sent one by one, and deflated one by one.
const COUNT: u64 = 2_000;
/// Each variant is measured so often; the fastest counts, as whatever else ran made the others slower.
const ROUNDS: usize = 15;

/// One way to write frames.
struct Variant {
    name: &'static str,
    write: fn(&[Vec<u8>]) -> Result<usize>,
}

/// Measures every variant on every kind of frame.
pub fn render() -> Result<String> {
    let variants = [
        Variant {
            name: "JSON",
            write: |frames| Ok(frames.iter().map(|frame| frame.clone().len()).sum()),
        },
        Variant {
            name: "MessagePack",
            write: |frames| each(frames, |frame| Ok(pack(frame)?.len())),
        },
        Variant {
            name: "JSON, deflated alone",
            write: |frames| deflate(frames, true),
        },
        Variant {
            name: "JSON, deflated in context",
            write: |frames| deflate(frames, false),
        },
        Variant {
            name: "MessagePack, deflated alone",
            write: |frames| deflate(&packed(frames)?, true),
        },
        Variant {
            name: "MessagePack, deflated in context",
            write: |frames| deflate(&packed(frames)?, false),
        },
    ];
    let mut out = String::new();
    for (kind, make) in [
        ("a like", like as fn(u64) -> Value),
        ("a count of likes", count),
        ("a message of 80 characters", |n| message(n, 80)),
        ("a message of 2,000 characters", |n| message(n, 2_000)),
    ] {
        let frames: Vec<Vec<u8>> = (1..=COUNT)
            .map(|n| serde_json::to_vec(&make(n)))
            .collect::<Result<_, _>>()?;
        out += &format!("\n{kind:<34}{:>10}{:>12}\n", "bytes", "CPU µs");
        for variant in &variants {
            let (bytes, micros) = measure(&frames, variant)?;
            out += &format!("  {:<32}{bytes:>10.1}{micros:>12.2}\n", variant.name);
        }
    }
    Ok(out)
}

fn measure(frames: &[Vec<u8>], variant: &Variant) -> Result<(f64, f64)> {
    let (mut bytes, mut best) = (0, f64::INFINITY);
    for _ in 0..ROUNDS {
        let begin = cpu_micros();
        bytes = (variant.write)(frames)?;
        best = best.min(cpu_micros() - begin);
    }
    let count = frames.len() as f64;
    Ok((bytes as f64 / count, best / count))
}

fn cpu_micros() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn each(frames: &[Vec<u8>], write: impl Fn(&[u8]) -> Result<usize>) -> Result<usize> {
    frames.iter().map(|frame| write(frame)).sum()
}

fn packed(frames: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
    frames.iter().map(|frame| pack(frame)).collect()
}

/// As the server does it.
fn pack(json: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::with_capacity(json.len());
    let mut source = serde_json::Deserializer::from_slice(json);
    let mut target = rmp_serde::Serializer::new(&mut packed).with_struct_map();
    serde_transcode::transcode(&mut source, &mut target)?;
    Ok(packed)
}

/// Ends each frame with a flush, whose last four bytes are not sent. `alone` forgets what went before, so that the same
/// bytes fit every socket; otherwise each socket has a window of its own.
fn deflate(frames: &[Vec<u8>], alone: bool) -> Result<usize> {
    let mut deflater = Compress::new(Compression::new(6), false);
    let mut sent = 0;
    for frame in frames {
        let mut out = Vec::with_capacity(frame.len() + 64);
        let status = deflater.compress_vec(frame, &mut out, FlushCompress::Sync)?;
        anyhow::ensure!(status == Status::Ok, "a frame does not fit");
        sent += out
            .strip_suffix(&[0, 0, 0xff, 0xff])
            .context("no flush at the end")?
            .len();
        if alone {
            deflater.reset();
        }
    }
    Ok(sent)
}

const PEOPLE: [(&str, &str); 7] = [
    ("ana", "Ana Ångström"),
    ("ben_w", "Ben"),
    ("cem", "Cem Yılmaz"),
    ("dora.k", "Dora Kovács"),
    ("emre", "Emre"),
    ("freya_l", "Freya Lund"),
    ("goran", "Goran Petrović"),
];

const WORDS: &str = "the canteen is open until six and whoever comes late finds a note at the door with all that was \
    said about the garden the bicycles and the concert of the choir on sunday evening behind the old library nobody \
    knows yet how many chairs there are because somebody carried half of them into the yard last summer when it \
    rained for three weeks and the roof of our small hall gave way which had been mended twice already by people who \
    meant well but had never climbed a ladder before please bring your own cup or glass if you can thank you";

/// Numbers that look like chance and are always the same.
fn mixed(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ n.wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn id(n: u64) -> String {
    format!("{}{:015x}", n % 10, mixed(n) >> 4)
}

/// Words in no order: people repeat themselves less than a sentence that is written twice.
fn text(n: u64, length: usize) -> String {
    let words: Vec<&str> = WORDS.split(' ').collect();
    let mut text = String::new();
    for k in 0.. {
        text += words[(mixed(n * 1_000 + k) % words.len() as u64) as usize];
        text.push(' ');
        if text.len() >= length {
            break;
        }
    }
    text.truncate(length);
    text
}

fn like(n: u64) -> Value {
    let (handle, name) = PEOPLE[(mixed(n) % 7) as usize];
    let post = mixed(n / 5) % 40;
    json!({"type": "notification", "epoch": "1.Zk3vQ0aXb2Lw", "seq": 4_000 + n, "group": format!("like.{post}"),
        "unread": n % 30, "kind": "like", "post_id": format!("{}.{post}", id(7)), "excerpt": text(post, 80),
        "actor": {"user_id": id(mixed(n) % 500), "handle": handle, "name": name},
        "at": 1_790_000_000_000_u64 + n * 1_731})
}

fn count(n: u64) -> Value {
    json!({"type": "post", "post_id": format!("{}.{}", id(7), mixed(n) % 40), "likes": n})
}

fn message(n: u64, length: usize) -> Value {
    json!({"type": "message", "channel": "news", "epoch": "1.Zk3vQ0aXb2Lw", "seq": n, "id": id(n + 9_000),
        "text": text(n, length), "at": 1_790_000_000_000_u64 + n * 1_731})
}
