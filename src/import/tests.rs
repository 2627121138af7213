//! Every format in its shapes, everything that can be wrong with a file, and bytes at random.

use super::*;
use proptest::prelude::*;

const ALL: [Source; 7] =
    [Source::Mee6, Source::Polaris, Source::Lurkr, Source::LevelUp, Source::Hub, Source::Json, Source::Csv];

/// A small, sound file of each source.
fn sample(source: Source) -> &'static str {
    match source {
        Source::Mee6 => {
            r#"{"admin": false, "page": 0, "player": null, "guild": {"id": "700000000000000001", "name": "x"},
            "players": [{"id": "700000000000000011", "xp": 1387, "level": 5, "detailed_xp": [237, 475, 1387]},
                {"id": "700000000000000012", "xp": 40, "level": 0, "avatar": null}],
            "role_rewards": [{"rank": 5, "role": {"id": "700000000000000021", "name": "Regular"}}],
            "xp_per_message": [15, 25]}"#
        }
        Source::Polaris => {
            r#"{"settings": {"gain": {"min": 50, "max": 100, "time": 60}, "rewards":
            [{"id": "700000000000000021", "level": 5, "keep": true}], "multipliers": {"roles":
            [{"id": "700000000000000022", "boost": 1.5}]}},
            "users": {"700000000000000011": {"xp": 1900, "cooldown": 0},
            "700000000000000012": {"xp": 7, "hidden": true}}}"#
        }
        Source::Lurkr => {
            r#"{"levels": [{"level": 5, "messageCount": 9, "user": {"username": "a"},
            "userId": "700000000000000011", "xp": 900}, {"level": 1, "userId": "700000000000000012", "xp": 100}]}"#
        }
        Source::LevelUp => {
            r#"{"users": {"700000000000000011": {"xp": 2550.5, "level": 5}, "700000000000000012": {}},
            "levelroles": {"5": 700000000000000021}, "ignoredchannels": [700000000000000031]}"#
        }
        Source::Hub => {
            r#"[{"discord_id": "700000000000000011", "xp": 2750, "level": 5, "rank_tier": "Basic"},
            {"discord_id": "700000000000000012", "xp": 3, "level": 1}]"#
        }
        Source::Json => r#"[{"id": "700000000000000011", "xp": 900}, {"id": "700000000000000012", "xp": 2}]"#,
        Source::Scan => "",
        Source::Csv => "user_id,xp\n700000000000000011,900\n700000000000000012,2\n",
    }
}

fn read(source: Source, file: impl AsRef<[u8]>) -> Result<Extract, Mistake> {
    let mut reading = Reading::new(source, None);
    reading.add("board", file.as_ref())?;
    reading.end()
}

fn wrong(source: Source, file: impl AsRef<[u8]>) -> String {
    read(source, file).unwrap_err().to_string()
}

/// What is told of the only record that is wrong; the other one is read.
fn invalid(source: Source, file: impl AsRef<[u8]>) -> String {
    let extract = read(source, file).unwrap();
    assert_eq!((extract.members.len(), extract.invalid.count()), (1, 1), "{extract:?}");
    extract.invalid.told()[0].clone()
}

/// The sound file with something else in a place.
fn with(source: Source, old: &str, new: &str) -> String {
    assert!(sample(source).contains(old), "{old}");
    sample(source).replacen(old, new, 1)
}

#[test]
fn every_source_is_read_with_its_defaults() {
    let users: Vec<u64> = vec![700_000_000_000_000_011, 700_000_000_000_000_012];
    for source in ALL {
        let extract = read(source, sample(source)).unwrap();
        let found: Vec<u64> = extract.members.iter().map(|member| member.user.get()).collect();
        assert_eq!(found, users, "{source:?}");
        assert_eq!(extract.scale.is_some(), !matches!(source, Source::Json | Source::Csv), "{source:?}");
        let marked = [b"\xEF\xBB\xBF", sample(source).as_bytes()].concat();
        assert_eq!(read(source, marked).unwrap().members, extract.members, "with the mark of UTF-8");
    }
    let levelup = read(Source::LevelUp, sample(Source::LevelUp)).unwrap();
    assert_eq!((levelup.members[0].xp, levelup.members[1].xp, levelup.members[1].level), (2_550, 0, Some(0)));
    assert_eq!((levelup.settings.message_xp, levelup.settings.cooldown_seconds), (Some((3, 6)), Some(60)));
    assert_eq!(levelup.scale.unwrap().toml(), Some("\"levelup\""));
    let mee6 = read(Source::Mee6, sample(Source::Mee6)).unwrap();
    assert_eq!(mee6.guild.unwrap().get(), 700_000_000_000_000_001);
    assert_eq!((mee6.settings.rewards[0].level, mee6.settings.message_xp), (5, Some((15, 25))));
}

#[test]
fn other_shapes_of_the_same_formats_are_read_too() {
    let count = |source, file: &str| read(source, file).unwrap().members.len();
    let id = "700000000000000011";
    assert_eq!(count(Source::Polaris, &format!("{{\"xp\": {{\"{id}\": {{\"xp\": 3}}}}}}")), 1);
    assert_eq!(count(Source::Polaris, &format!("{{\"{id}\": {{\"xp\": 3}}}}")), 1);
    assert_eq!(count(Source::Mee6, &format!("[{0}, {0}]", sample(Source::Mee6))), 2, "pages that overlap");
    assert_eq!(count(Source::LevelUp, &format!("{{\"configs\": {{\"5\": {}}}}}", sample(Source::LevelUp))), 2);
    assert_eq!(count(Source::Hub, &format!("[{{\"rank\": 1, \"user\": {{\"discord_id\": \"{id}\"}}, \"xp\": 3}}]")), 1);
    assert_eq!(count(Source::Json, &format!("{{\"{id}\": 12, \"12\": {{\"xp\": 4}}}}")), 2);
    assert_eq!(count(Source::Json, &format!("[{{\"user_id\": {id}, \"level\": 4}}]")), 1);
    let csv = "level;id\r\n\"7\";\"'700000000000000011\"\r\n\r\n3;12";
    let extract = read(Source::Csv, csv).unwrap();
    assert_eq!((extract.members[0].level, extract.members[1].level), (Some(3), Some(7)));
    let mut reading = Reading::new(Source::Mee6, None);
    reading.add("one", sample(Source::Mee6).as_bytes()).unwrap();
    reading.add("two", with(Source::Mee6, "1387, \"level\": 5", "2000, \"level\": 5").as_bytes()).unwrap();
    let extract = reading.end().unwrap();
    assert_eq!((extract.twice, extract.members[0].xp), (2, 2_000));
}

#[test]
fn a_record_that_is_wrong_is_told_with_line_and_field() {
    let cases = [
        (Source::Mee6, "1387, \"level\"", "-5, \"level\"", "line 2: players[0].xp: must be a whole number from 0"),
        (Source::Mee6, "\"700000000000000012\"", "7.00000000000000012e17", "line 3: players[1].id: 7e17 is no id"),
        (Source::Mee6, "\"700000000000000012\"", "\"700000000000000011\"", "players[1]: the member 70000000000000001"),
        (Source::Mee6, "\"level\": 5", "\"level\": \"many\"", "players[0].level: must be a whole number"),
        (Source::Polaris, "1900", "\"=1+1\"", "line 4: users.700000000000000011.xp: must be a whole number"),
        (Source::Polaris, "\"700000000000000012\"", "\"../x\"", "users.../x: \"../x\" is no id"),
        (
            Source::Lurkr,
            "900",
            "1e300",
            "line 2: levels[0].xp: must be a whole number from 0 to 1000000000000, not 1e300",
        ),
        (Source::Hub, "2750", "null", "users[0].xp: must be a whole number from 0 to 1000000000000, not nothing"),
        (Source::Json, "900", "[[1]]", "members[0].xp: must be a whole number from 0 to 1000000000000, not a list"),
        (Source::Csv, "900", "=HYPERLINK(1)", "line 2: xp: \"=HYPERLINK(1)\" is a formula"),
        (Source::Csv, "700000000000000012", "7.00E+17", "line 3: user_id: 7e17 is no id (a floating-point"),
        (Source::Csv, "700000000000000012", "700000000000000011", "line 3: user_id: the member 700000000000000011 is"),
    ];
    for (source, old, new, words) in cases {
        let told = invalid(source, with(source, old, new));
        assert!(told.starts_with("board, line ") && told.contains(words), "{source:?}: {told}");
    }
}

#[test]
fn a_file_that_is_wrong_as_a_whole_is_refused_with_line_and_field() {
    let falls = "\"curve\": {\"3\": 0, \"2\": -1}, \"gain\"";
    let cases = [
        (Source::Mee6, "players", "gamers", "players: it is not there"),
        (
            Source::Mee6,
            "{\"id\": \"700000000000000012\", \"xp\"",
            "[5, {\"xp\"",
            "line 3: invalid type: sequence, expected a",
        ),
        (Source::Polaris, "\"gain\"", falls, "settings.curve: it falls at level"),
        (
            Source::Polaris,
            "{\"xp\": 7, \"hidden\": true}",
            "\"none\"",
            "a member at users.700000000000000012, as an obj",
        ),
        (Source::LevelUp, "2550.5", "NaN", "line 1, column 4"),
        (Source::Csv, "user_id", "name", "line 1: there is no column user_id"),
        (Source::Csv, "900", "\"900", "line 2: cells: a quote is opened"),
    ];
    for (source, old, new, words) in cases {
        let told = wrong(source, with(source, old, new));
        assert!(told.starts_with("board, ") && told.contains(words), "{source:?}: {told}");
    }
}

#[test]
fn of_many_wrong_records_the_first_are_told_and_all_are_counted() {
    for source in [Source::Json, Source::Csv] {
        let rows: Vec<String> = (1..=20)
            .map(|id| match (source, id % 2) {
                (Source::Json, 0) => format!("{{\"id\": \"{id}\", \"xp\": 5}}"),
                (Source::Json, _) => format!("{{\"id\": \"{id}\", \"xp\": -5, \"more\": [{{\"xp\": {{}}}}]}}"),
                (_, 0) => format!("{id},5"),
                _ => format!("{id},-5"),
            })
            .collect();
        let file = match source {
            Source::Json => format!("[{}]", rows.join(",\n")),
            _ => format!("user_id,xp\n{}\n", rows.join("\n")),
        };
        let extract = read(source, file).unwrap();
        assert_eq!((extract.members.len(), extract.invalid.count(), extract.invalid.told().len()), (10, 10, 5));
        let third = if source == Source::Json { "board, line 5: members[4].xp: " } else { "board, line 6: xp: " };
        assert!(extract.invalid.told()[2].starts_with(third), "{:?}", extract.invalid);
    }
    let mut reading = Reading::new(Source::Hub, None);
    for name in ["one", "two", "three"] {
        reading.add(name, with(Source::Hub, "2750", "-1").replace("\"level\": 1", "\"level\": -1").as_bytes()).unwrap();
    }
    assert_eq!(reading.rows(), 6);
    let extract = reading.end().unwrap();
    assert_eq!((extract.invalid.count(), extract.invalid.told().len()), (6, 5));
    assert!(extract.invalid.told()[4].starts_with("three, line 1: users[0].xp: "), "{:?}", extract.invalid);
}

#[test]
fn files_that_are_broken_packed_or_in_another_encoding_are_told_apart() {
    let mee6 = sample(Source::Mee6);
    let cut = wrong(Source::Mee6, &mee6[..150]);
    assert!(cut.contains("line 2: the file ends in the middle"), "{cut}");
    let utf16: Vec<u8> = mee6.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(wrong(Source::Mee6, utf16).contains("UTF-16"));
    assert!(wrong(Source::Mee6, [0x1F, 0x8B, 8, 0]).contains("packed"));
    assert!(wrong(Source::Mee6, "").contains("ends in the middle"));
    assert!(wrong(Source::Mee6, format!("{mee6} {{}}")).contains("no valid JSON (trailing"));
    let private = r#"{"error": {"message": "This board is \u202eprivate"}, "status_code": 401}"#;
    let told = wrong(Source::Mee6, private);
    assert!(told.contains("Make my server's leaderboard public") && !told.contains('\u{202e}'), "{told}");
    let latin1 = with(Source::Csv, "900", "9\u{e9}").replace('\u{e9}', "?").into_bytes();
    let latin1: Vec<u8> = latin1.into_iter().map(|byte| if byte == b'?' { 0xE9 } else { byte }).collect();
    assert!(wrong(Source::Csv, latin1).contains("line 2: this is not UTF-8"));
    assert!(wrong(Source::Csv, format!("user_id,xp\n{}", "9".repeat(10_000))).contains("line 2: it is longer than"));
}

#[test]
fn depth_and_rounded_ids_are_refused() {
    let deep = "[".repeat(1_000_000);
    for source in ALL.into_iter().filter(|source| *source != Source::Csv) {
        assert!(read(source, &deep).is_err());
        assert!(read(source, "{\"a\":".repeat(1_000_000)).is_err());
    }
    // Inside of what is passed over, depth costs nothing but is still closed.
    let open = with(Source::Mee6, "null,", &format!("{deep}{},", "]".repeat(1_000_000)));
    assert!(read(Source::Mee6, open).is_err() || read(Source::Mee6, sample(Source::Mee6)).is_ok());
    let rounded = "[{\"id\": 700000000000000000, \"xp\": 1}, {\"id\": 700000000000000128, \"xp\": 1}]";
    assert!(wrong(Source::Json, rounded).contains("rounded"));
    let whole = "[{\"id\": 700000000000000001, \"xp\": 1}, {\"id\": 700000000000000128, \"xp\": 1}]";
    assert_eq!(read(Source::Json, whole).unwrap().members.len(), 2);
}

#[test]
fn one_server_of_several_is_chosen() {
    let two = format!("{{\"configs\": {{\"5\": {0}, \"6\": {0}}}}}", sample(Source::LevelUp));
    assert!(wrong(Source::LevelUp, &two).contains("say with --guild which server is meant: 5, 6"));
    let mut reading = Reading::new(Source::LevelUp, Some(GuildId::new(6).unwrap()));
    reading.add("all", two.as_bytes()).unwrap();
    assert_eq!(reading.end().unwrap().guild.unwrap().get(), 6);
    let mut reading = Reading::new(Source::LevelUp, Some(GuildId::new(7).unwrap()));
    assert!(reading.add("all", two.as_bytes()).unwrap_err().to_string().contains("no server 7 among 5, 6"));
}

#[test]
fn what_the_other_bot_was_set_up_to_do_comes_out_as_toml() {
    let polaris = read(Source::Polaris, sample(Source::Polaris)).unwrap();
    let ours = crate::model::Curve::default();
    let text = fragment(&polaris, Carry::AdoptCurve, &ours).unwrap();
    let levels = toml::from_str::<toml::Table>(&text).unwrap();
    let levels = &levels["levels"];
    assert_eq!(levels["curve"].as_str(), Some("polaris"));
    assert_eq!(levels["role"][0]["level"].as_integer(), Some(5));
    assert_eq!(levels["multipliers"]["roles"]["700000000000000022"].as_float(), Some(1.5));
    assert_eq!(levels["role_mode"].as_str(), Some("highest"));
    assert_eq!(fragment(&read(Source::Csv, sample(Source::Csv)).unwrap(), Carry::KeepXp, &ours), None);
}

proptest! {
    /// Whatever the bytes, the answer is a record or a sentence.
    #[test]
    fn no_file_brings_a_reader_down(
        source in prop::sample::select(ALL.to_vec()),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 0..6),
        end in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = sample(source).as_bytes().to_vec();
        for (at, byte, how) in cuts {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                _ => { let tail = bytes.split_off(at); bytes.extend_from_slice(&tail); bytes.extend(tail); }
            }
            if bytes.is_empty() { bytes.push(b' '); }
        }
        if let Some(end) = end {
            bytes.truncate(end.index(bytes.len()));
        }
        match read(source, &bytes) {
            Ok(extract) => {
                prop_assert!(extract.members.windows(2).all(|pair| pair[0].user < pair[1].user));
                prop_assert!(extract.members.iter().all(|member| (0..=XP_MAX).contains(&member.xp)));
                prop_assert!(!extract.invalid.told().iter().any(|told| told.chars().any(text::is_invisible)));
            }
            Err(mistake) => prop_assert!(!mistake.to_string().chars().any(text::is_invisible), "{mistake:?}"),
        }
    }

    /// Bytes of no format at all.
    #[test]
    fn nor_do_random_bytes(
        source in prop::sample::select(ALL.to_vec()),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = read(source, bytes);
    }
}
