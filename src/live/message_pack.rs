//! Looks at MessagePack without reading what it holds: where values end, however deep they are, and the
//! fields of a map.

/// The longest head of a value, without its marker.
const LONGEST_LENGTH: usize = 4;

/// What a value begins with.
struct Head<'b> {
    /// What its marker says it is.
    kind: Kind,
    /// Bytes of its own that follow the head; values that it holds, for a list or a map.
    count: u64,
    /// What follows the head.
    rest: &'b [u8],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text or bytes.
    Text,
    /// Another value without values in it.
    Plain,
    List,
    Map,
}

/// The first value, and what is behind it. `None` where no whole value is there.
pub(super) fn value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut rest, mut left) = (bytes, 1_u64);
    while left > 0 {
        let head = head(rest)?;
        let (own, within) = match head.kind {
            Kind::Text | Kind::Plain => (head.count, 0),
            Kind::List => (0, head.count),
            Kind::Map => (0, head.count.checked_mul(2)?),
        };
        rest = head.rest.get(usize::try_from(own).ok()?..)?;
        left = left - 1 + within;
        // Each of them has a byte at least.
        if left > rest.len() as u64 {
            return None;
        }
    }
    bytes.split_at_checked(bytes.len() - rest.len())
}

/// The names and values of one map, each name as its bytes. `None` where this is no whole map with texts
/// for names, or where something is behind it.
pub(super) fn fields(bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let map = head(bytes).filter(|head| head.kind == Kind::Map)?;
    let (mut fields, mut rest) = (Vec::new(), map.rest);
    for _ in 0..map.count {
        let (name, behind) = value(rest)?;
        let (held, behind) = value(behind)?;
        let name = head(name).filter(|head| head.kind == Kind::Text)?.rest;
        fields.push((name, held));
        rest = behind;
    }
    rest.is_empty().then_some(fields)
}

fn head(bytes: &[u8]) -> Option<Head<'_>> {
    let (&marker, rest) = bytes.split_first()?;
    let low = |mask: u8| u64::from(marker & mask);
    let fixed = |kind, count| Some(Head { kind, count, rest });
    let long = |kind, size: usize, more: u64| {
        let (length, rest) = rest.split_at_checked(size)?;
        let mut count = [0; LONGEST_LENGTH];
        count[LONGEST_LENGTH - size..].copy_from_slice(length);
        let count = u64::from(u32::from_be_bytes(count)) + more;
        Some(Head { kind, count, rest })
    };
    match marker {
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => fixed(Kind::Plain, 0),
        0x80..=0x8f => fixed(Kind::Map, low(0x0f)),
        0x90..=0x9f => fixed(Kind::List, low(0x0f)),
        0xa0..=0xbf => fixed(Kind::Text, low(0x1f)),
        0xc1 => None,
        // Bytes, whose length has 1, 2 or 4 bytes.
        0xc4 | 0xd9 => long(Kind::Text, 1, 0),
        0xc5 | 0xda => long(Kind::Text, 2, 0),
        0xc6 | 0xdb => long(Kind::Text, 4, 0),
        // Extensions have a type, too.
        0xc7 => long(Kind::Plain, 1, 1),
        0xc8 => long(Kind::Plain, 2, 1),
        0xc9 => long(Kind::Plain, 4, 1),
        0xcc | 0xd0 => fixed(Kind::Plain, 1),
        0xcd | 0xd1 | 0xd4 => fixed(Kind::Plain, 2),
        0xd5 => fixed(Kind::Plain, 3),
        0xca | 0xce | 0xd2 => fixed(Kind::Plain, 4),
        0xd6 => fixed(Kind::Plain, 5),
        0xcb | 0xcf | 0xd3 => fixed(Kind::Plain, 8),
        0xd7 => fixed(Kind::Plain, 9),
        0xd8 => fixed(Kind::Plain, 17),
        0xdc => long(Kind::List, 2, 0),
        0xdd => long(Kind::List, 4, 0),
        0xde => long(Kind::Map, 2, 0),
        0xdf => long(Kind::Map, 4, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One value of every kind that there is, each to the end of its bytes.
    fn kinds() -> Vec<Vec<u8>> {
        let with = |head: &[u8], body: usize| [head, &vec![0xc0; body]].concat();
        vec![
            vec![0x00],
            vec![0x7f],
            vec![0xe0],
            vec![0xff],
            vec![0xc0],
            vec![0xc2],
            vec![0xc3],
            with(&[0x82], 4),
            with(&[0x93], 3),
            with(&[0xa5], 5),
            with(&[0xc4, 2], 2),
            with(&[0xc5, 1, 0], 256),
            with(&[0xc6, 0, 1, 0, 0], 65_536),
            with(&[0xc7, 2], 3),
            with(&[0xc8, 0, 2], 3),
            with(&[0xc9, 0, 0, 0, 2], 3),
            with(&[0xca], 4),
            with(&[0xcb], 8),
            with(&[0xcc], 1),
            with(&[0xcd], 2),
            with(&[0xce], 4),
            with(&[0xcf], 8),
            with(&[0xd0], 1),
            with(&[0xd1], 2),
            with(&[0xd2], 4),
            with(&[0xd3], 8),
            with(&[0xd4], 2),
            with(&[0xd5], 3),
            with(&[0xd6], 5),
            with(&[0xd7], 9),
            with(&[0xd8], 17),
            with(&[0xd9, 3], 3),
            with(&[0xda, 0, 3], 3),
            with(&[0xdb, 0, 0, 0, 3], 3),
            with(&[0xdc, 0, 3], 3),
            with(&[0xdd, 0, 0, 0, 3], 3),
            with(&[0xde, 0, 2], 4),
            with(&[0xdf, 0, 0, 0, 2], 4),
        ]
    }

    #[test]
    fn a_value_ends_where_it_ends() {
        for kind in kinds() {
            let followed = [&kind[..], b"\x05"].concat();
            assert_eq!(value(&followed), Some((&kind[..], &b"\x05"[..])));
            assert_eq!(value(&kind[..kind.len() - 1]), None, "{:x}", kind[0]);
            // In a list and in a map, the same.
            let list = [b"\x92", &kind[..], &kind[..]].concat();
            assert_eq!(value(&list), Some((&list[..], &b""[..])));
            let map = [b"\x81\xa1a", &kind[..]].concat();
            assert_eq!(fields(&map), Some(vec![(&b"a"[..], &kind[..])]));
        }
    }

    #[test]
    fn depth_and_false_lengths_do_no_harm() {
        let deep = [vec![0x91; 60_000], vec![0xc0]].concat();
        assert_eq!(value(&deep), Some((&deep[..], &b""[..])));
        for broken in [
            &b""[..],
            b"\xc1",
            b"\xdd\xff\xff\xff\xff",
            b"\xdf\xff\xff\xff\xff\xc0",
            b"\xc6\xff\xff\xff\xff\xc0",
            &deep[..60_000],
        ] {
            assert_eq!(value(broken), None, "{broken:.20?}");
        }
    }

    #[test]
    fn only_a_whole_map_with_names_has_fields() {
        assert_eq!(fields(b"\x80"), Some(Vec::new()));
        for other in [
            &b"\x80\xc0"[..],
            b"\x90",
            b"\xc0",
            b"\x81\x01\xc0",
            b"\x81\xa1a",
            b"",
        ] {
            assert_eq!(fields(other), None, "{other:?}");
        }
    }
}
