//! Handles that would deceive: whoever has one of them seems to speak for the house, or their page
//! looks like one of ours.
//!
//! Handles are compared by how they look, so that a digit or an underscore in place makes no
//! difference. Only new ones are checked: who has a handle keeps it.

use std::collections::HashSet;

use app::{
    error::{FieldError, QuadError},
    model::Handle,
};
use unicode_security::skeleton;

use super::sentence;

/// Who runs a house, and whom one can call all at once.
const ROLES: &[&str] = &[
    "abuse",
    "admin",
    "administration",
    "administrator",
    "administrators",
    "admins",
    "all",
    "billing",
    "channel",
    "everybody",
    "everyone",
    "help",
    "helpdesk",
    "here",
    "hostmaster",
    "mod",
    "moderation",
    "moderator",
    "moderators",
    "mods",
    "noreply",
    "official",
    "operator",
    "postmaster",
    "privacy",
    "quad",
    "root",
    "security",
    "staff",
    "superuser",
    "support",
    "sysadmin",
    "system",
    "webmaster",
];

/// The first parts of our paths, and of some that may be ours one day. A test compares them with
/// the router and the pages.
const PATHS: &[&str] = &[
    "about",
    "account",
    "accounts",
    "announcements",
    "api",
    "broadcast",
    "docs",
    "entered",
    "events",
    "favicon",
    "feed",
    "fn",
    "healthz",
    "inbox",
    "invite",
    "keyboard",
    "login",
    "logout",
    "metrics",
    "notifications",
    "notify",
    "password",
    "people",
    "pkg",
    "posts",
    "publish",
    "push",
    "readyz",
    "register",
    "reports",
    "rooms",
    "search",
    "settings",
    "signin",
    "signup",
    "stats",
    "subscribe",
    "sw",
    "well_known",
    "ws",
];

/// What changes nothing about a name that stands before or after it: `the_admin`, `quad_team`.
const BESIDE: &[&str] = &[
    "account", "bot", "desk", "official", "real", "service", "team", "the",
];

/// No more digits at the end are taken for an ornament: a number that long tells people apart.
const ORNAMENT_MAX: usize = 6;

/// The handles that nobody can sign up with.
#[derive(Debug, Clone)]
pub struct Reserved {
    names: HashSet<String>,
    beside: HashSet<String>,
}

impl Reserved {
    /// Ours, and those of an operator.
    pub fn with(more: &[Handle]) -> Self {
        let ours = ROLES.iter().chain(PATHS).copied();
        let all = ours.chain(more.iter().map(Handle::as_str));
        Self {
            names: all.map(look).collect(),
            beside: BESIDE.iter().copied().map(look).collect(),
        }
    }

    /// Checks a new handle as it was typed, beside what else was checked of a sign-up: all that is
    /// wrong is answered at once. Errors: `invalid` for `handle`, `reserved`.
    pub fn check<T>(&self, typed: &str, others: Result<T, QuadError>) -> Result<T, QuadError> {
        let handle = typed.trim().parse::<Handle>();
        if !handle.is_ok_and(|handle| self.holds(handle.as_str())) {
            return others;
        }
        let reserved = FieldError {
            field: "handle".to_owned(),
            code: "reserved".to_owned(),
            detail: sentence("handle", "reserved").to_owned(),
        };
        let mut errors = vec![reserved];
        match others {
            Ok(_) => {}
            Err(QuadError::Invalid { errors: more }) => errors.extend(more),
            Err(other) => return Err(other),
        }
        Err(QuadError::Invalid { errors })
    }

    fn holds(&self, handle: &str) -> bool {
        let handle = handle.trim_matches('_');
        let digits = handle
            .bytes()
            .rev()
            .take_while(|b| b.is_ascii_digit() || *b == b'_');
        // Each end may be an ornament, or letters in disguise: `ap1`, `admin1`.
        let ends = (0..=digits.count()).map(|ornament| &handle[..handle.len() - ornament]);
        let short = |end: &&str| {
            let ornament = &handle[end.len()..];
            ornament.bytes().filter(u8::is_ascii_digit).count() <= ORNAMENT_MAX
        };
        ends.filter(short).any(|end| self.is_made_of(&look(end)))
    }

    /// Whether it is one of the names, or one with another beside it: `quadsupport`.
    fn is_made_of(&self, look: &str) -> bool {
        let name = |part: &str| self.names.contains(part);
        let beside = |part: &str| name(part) || self.beside.contains(part);
        let two = (1..look.len())
            .filter_map(|cut| look.split_at_checked(cut))
            .any(|(one, two)| name(one) && beside(two) || beside(one) && name(two));
        two || name(look)
    }
}

/// How a handle looks: what reads alike is the same.
fn look(handle: &str) -> String {
    let plain: String = handle.chars().filter(|c| *c != '_' && *c != '-').collect();
    let plain = plain.to_ascii_lowercase();
    let alike = skeleton(&plain).map(|c| match c.to_ascii_lowercase() {
        'i' | '1' => 'l',
        '0' => 'o',
        '2' => 'z',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    });
    let alike: String = alike.collect();
    alike.replace("vv", "w").replace("cl", "d")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserved() -> Reserved {
        Reserved::with(&["Night_Watch".parse().unwrap()])
    }

    #[test]
    fn handles_that_deceive_are_reserved_and_so_is_what_looks_like_them() {
        for handle in [
            "admin",
            "administrator",
            "adm1n",
            "adrnin",
            "admln",
            "aclmin",
            "admin_",
            "a_d_m_i_n",
            "admin1",
            "admin_42",
            "admin2026",
            "ad_min_007",
            "root",
            "r00t",
            "ro0t_",
            "api",
            "ap1",
            "api_2",
            "support",
            "supp0rt",
            "sup_port_",
            "moderator",
            "m0derator",
            "rnoderator",
            "mod",
            "quad",
            "quad_",
            "quad_support",
            "quadsupport",
            "quad_team",
            "admin_bot",
            "the_admin",
            "help_desk",
            "Admin",
            " admin ",
            "everyone",
            "every0ne",
            "here",
            "channel",
            "channe1",
            "system",
            "sy5tem",
            "security",
            "staff",
            "help",
            "he1p",
            "login",
            "l0gin",
            "log_in",
            "signup",
            "s1gnup",
            "settings",
            "night_watch",
            "n1ghtvvatch",
            "nightwatch9",
        ] {
            let refused = reserved().check(handle, Ok(()));
            let refused = refused
                .as_ref()
                .err()
                .and_then(|error| error.of_field("handle"));
            assert_eq!(refused, Some(sentence("handle", "reserved")), "{handle}");
        }
    }

    #[test]
    fn other_handles_are_free() {
        for handle in [
            "ana",
            "ben",
            "bob",
            "cem",
            "bo_1",
            "ana_k3x9",
            "ana_12",
            "alice",
            "eve_7",
            "chidi",
            "dana",
            "emeka",
            "farah",
            "goro",
            "hanna",
            "owner_3",
            "fan_12",
            "wanted_1",
            "admin_n17",
            "admin_1764088123",
            "admin_f83ab21c09",
            "badminton",
            "rooter",
            "supporter_of_bo",
            "hereford",
            "adminka",
            "quadri",
            "robot",
            "botany",
            "allan",
            "modest",
            "pushkin",
            "posture",
            "stafford",
            "team_k3x9",
            "carl",
            "night",
            "watch",
            "bot_1",
            "team",
            "_admin_",
            "ab",
        ] {
            assert_eq!(reserved().check(handle, Ok(())), Ok(()), "{handle}");
        }
    }

    #[test]
    fn the_first_part_of_every_path_of_ours_is_reserved() {
        let router = include_str!("../router.rs");
        let routes = router
            .split(".route(")
            .chain(router.split(".nest_service("))
            .skip(1);
        let routes =
            routes.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
        let pages = include_str!("../../app/src/pages/mod.rs");
        let pages = pages
            .split("path!(\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        let mut checked = 0;
        for path in routes.chain(pages) {
            let first = path.trim_start_matches('/').split('/').next().unwrap();
            let first: String = first
                .chars()
                .take_while(|c| *c != '.' && *c != '{')
                .collect();
            if first.is_empty() {
                continue;
            }
            checked += 1;
            assert!(reserved().holds(&first), "{path}");
        }
        assert!(checked > 30, "{checked}");
        let public = concat!(env!("CARGO_MANIFEST_DIR"), "/public");
        for file in std::fs::read_dir(public).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let first = name.split('.').next().unwrap();
            let deceives = first.parse::<Handle>().is_ok();
            assert!(!deceives || reserved().holds(first), "{name}");
        }
        // Those of the pages' own calls and files.
        for other in ["fn", "pkg"] {
            assert!(reserved().holds(other), "{other}");
        }
    }
}
