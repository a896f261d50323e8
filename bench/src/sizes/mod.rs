//! How long one command or script holds Redis, at the sizes that are supported: each row fills a store, does what is
//! asked, waits until all that follows is done, and reads the slow log. Filling goes by `EVAL`, the product by
//! `EVALSHA`, so the two are told apart.

mod house;

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::options::Options;
use crate::peers::Places;
use house::House;

/// What nobody may hold Redis for, in microseconds.
const LIMIT: i64 = 10_000;
/// After this long, what is done in slices is done.
const PATIENCE: Duration = Duration::from_secs(600);

/// A row: what it is, how large, and what is done.
type Row = (&'static str, u64, fn(&mut House, u64) -> Result<()>);

const ROWS: [Row; 12] = [
    (
        "a post with so many likes is deleted",
        1_000_000,
        delete_post,
    ),
    (
        "a group of so many people is listed, and liked again",
        100_000,
        grow_group,
    ),
    ("so many unread groups are marked", 10_000, mark_groups),
    ("a room of so many members ends", 10_000, end_room),
    (
        "a server dies with so many in a room",
        10_000,
        forget_server,
    ),
    (
        "somebody who likes so many posts likes one",
        100_000,
        like_another,
    ),
    ("so many rooms are listed", 10_000, list_rooms),
    ("an author of so many posts is rebuilt", 100_000, rebuild),
    (
        "so many channels are listened to and listed",
        100_000,
        list_channels,
    ),
    ("one stream listens to so many channels", 200, listen),
    (
        "so many people sign up, and all is rebuilt",
        100_000,
        sign_up,
    ),
    ("nothing is done for a while", 1, rest),
];

/// Runs all rows and renders them as a table.
pub fn render(places: &Places, options: &Options) -> Result<String> {
    let mut table = String::from("longest entry of the slow log, by row (* over 10 ms)\n\n");
    for (what, size, act) in ROWS {
        let size = (size / options.shrink).max(1);
        let row = || -> Result<String> {
            let mut house = House::start(places)?;
            act(&mut house, size)?;
            house.longest()
        };
        let found = row().unwrap_or_else(|error| format!("failed: {error:#}"));
        eprintln!("{size} {what}: {found}");
        writeln!(table, "{size:>9}  {what:<55} {found}")?;
    }
    Ok(table)
}

fn delete_post(house: &mut House, size: u64) -> Result<()> {
    house.publish()?;
    house.fill("likes", size, "")?;
    house.fill("like entries", size.min(1_000), "")?;
    house.expect("DELETE", &house.path_of_post(), "", 204)?;
    house.swept(&format!("{{{}}}:likes:1", house.me.id))
}

fn grow_group(house: &mut House, size: u64) -> Result<()> {
    house.publish()?;
    house.fill("likes", size, "")?;
    house.fill("like entries", size.min(1_000), "")?;
    let like = format!("{}/like", house.path_of_post());
    for method in ["PUT", "DELETE", "PUT"] {
        house.expect_of_other(method, &like, 200)?;
        house.expect("GET", "/api/v1/notifications", "", 200)?;
    }
    house.expect(
        "GET",
        &format!("{}/likes?limit=100", house.path_of_post()),
        "",
        200,
    )
}

fn mark_groups(house: &mut House, size: u64) -> Result<()> {
    house.fill("groups", size, "")?;
    let listed = house.ask("GET", "/api/v1/notifications", "")?;
    let epoch = listed["epoch"].as_str().context("an epoch")?;
    for body in [
        format!(r#"{{"epoch":"{epoch}","through":{size}}}"#),
        format!(r#"{{"epoch":"{epoch}","through":{size},"unread":true}}"#),
        format!(r#"{{"epoch":"{epoch}","through":{size}}}"#),
    ] {
        house.expect("POST", "/api/v1/notifications/read", &body, 204)?;
    }
    house.expect("GET", "/api/v1/notifications?limit=100", "", 200)
}

fn end_room(house: &mut House, size: u64) -> Result<()> {
    house.make_room("large")?;
    house.fill("members", size, "large")?;
    house.expect("GET", "/api/v1/rooms/large/members?limit=100", "", 200)?;
    house.expect("DELETE", "/api/v1/rooms/large", "", 204)?;
    house.swept("{r:large}:*")
}

fn forget_server(house: &mut House, size: u64) -> Result<()> {
    house.make_room("large")?;
    house.fill("members", size, "large")?;
    house.fill("attending", size, "large")?;
    let _stream = house.stream("room:large")?;
    house.swept("{r:large}:here:dead*")
}

fn like_another(house: &mut House, size: u64) -> Result<()> {
    house.publish()?;
    house.fill_for_other("liked", size)?;
    let like = format!("{}/like", house.path_of_post());
    for method in ["PUT", "DELETE"] {
        house.expect_of_other(method, &like, 200)?;
    }
    Ok(())
}

fn list_rooms(house: &mut House, size: u64) -> Result<()> {
    house.fill("rooms", size, "")?;
    for list in [
        "/api/v1/rooms?limit=100",
        "/api/v1/rooms?mine=true&limit=100",
    ] {
        let mut path = list.to_owned();
        for _ in 0..30 {
            let page = house.ask("GET", &path, "")?;
            let Some(next) = page["next"].as_str() else {
                break;
            };
            path = format!("{list}&after={next}");
        }
    }
    house.command(&["rebuild"])
}

fn rebuild(house: &mut House, size: u64) -> Result<()> {
    house.fill("posts", size, "")?;
    house.command(&["rebuild"])
}

fn list_channels(house: &mut House, size: u64) -> Result<()> {
    let _listeners = house.listen_in_store(size)?;
    house.expect_of_program("/stats/channels?prefix=news&limit=100")?;
    house.expect_of_program("/stats/channels?limit=100")
}

fn listen(house: &mut House, size: u64) -> Result<()> {
    let names: Vec<String> = (0..size).map(|n| format!("news{n}")).collect();
    let _stream = house.stream(&names.join(","))?;
    // The position check comes every 30 seconds.
    std::thread::sleep(Duration::from_secs(33));
    Ok(())
}

fn sign_up(house: &mut House, size: u64) -> Result<()> {
    house.seed(size)?;
    house.command(&["rebuild"])
}

fn rest(_: &mut House, _: u64) -> Result<()> {
    std::thread::sleep(Duration::from_secs(3));
    Ok(())
}
