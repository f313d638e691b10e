use super::*;

fn stamp(text: &str) -> Stamp {
    Stamp::of(text.as_bytes())
}

fn run(number: u64) -> Run {
    Run {
        version: 1,
        number,
        phase: Phase::Preparing,
        root: "/r".to_owned(),
        date: "20261121".to_owned(),
        time: number,
        keep: true,
        token: "abc".to_owned(),
        files: vec![Entry {
            path: "a/Dockerfile".to_owned(),
            before: Some(stamp("1")),
            after: Some(stamp("2")),
            backup: Some("Dockerfile.pre-slim.20261121".to_owned()),
        }],
    }
}

fn journal() -> (tempfile::TempDir, Journal) {
    let state = tempfile::tempdir().unwrap();
    let journal = Journal::of(state.path(), Path::new("/r"));
    (state, journal)
}

#[test]
fn the_state_directory_is_where_the_system_has_it() {
    let here = |variables: &'static [(&str, &str)]| {
        state_dir(move |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into()))
    };
    let root = if cfg!(windows) { "C:\\" } else { "/" };
    assert_eq!(here(&[]), None);
    assert_eq!(here(&[("XDG_STATE_HOME", "relative"), ("SLIMLINT_STATE_DIR", "./x"), ("HOME", "home")]), None);
    if !cfg!(windows) {
        assert_eq!(here(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]), Some(PathBuf::from("/s/slimlint")));
        assert_eq!(here(&[("XDG_STATE_HOME", "/s"), ("SLIMLINT_STATE_DIR", "/d")]), Some(PathBuf::from("/d")));
        assert!(here(&[("XDG_STATE_HOME", "s"), ("HOME", "/h")]).unwrap().starts_with("/h"));
    }
    assert!(Path::new(root).is_absolute());
}

#[test]
fn runs_are_pending_then_done_then_forgotten() {
    let (state, journal) = journal();
    assert!(!journal.exists() && !journal.has_pending() && journal.pending().unwrap().is_none());
    let locked = journal.lock(Path::new("/r")).unwrap();
    assert_eq!(locked.next_number(), 1);
    locked.put_pending(&run(1)).unwrap();
    assert_eq!(journal.pending().unwrap(), Some(run(1)));
    locked.end(&run(1)).unwrap();
    assert!(!journal.has_pending());
    assert_eq!((journal.runs().0, locked.next_number()), (vec![Run { phase: Phase::Done, ..run(1) }], 2));
    locked.put_pending(&run(2)).unwrap();
    locked.end(&Run { keep: false, ..run(2) }).unwrap();
    assert_eq!((journal.runs().0.len(), journal.has_pending()), (1, false));
    assert_eq!(Journal::roots(state.path()), [PathBuf::from("/r")]);
    locked.update(&Run { files: Vec::new(), ..run(1) }).unwrap();
    assert!(journal.runs().0.is_empty());
}

#[test]
fn one_at_a_time() {
    let (_state, journal) = journal();
    let root = Path::new("/r");
    let locked = journal.lock(root).unwrap();
    assert!(journal.is_busy());
    assert!(matches!(journal.lock_within(root, Duration::ZERO), Err(JournalError::Busy(_))));
    drop(locked);
    assert!(!journal.is_busy());
    journal.lock_within(root, Duration::ZERO).unwrap();
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_state, journal) = journal();
    journal.lock(Path::new("/r")).unwrap();
    assert_eq!(fs::metadata(journal.path()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn records_that_lead_elsewhere_are_not_read() {
    type Spoil = fn(&mut Run);
    let spoilt: [(&str, Spoil); 14] = [
        ("version", |run| run.version = 2),
        ("path above", |run| run.files[0].path = "../x".to_owned()),
        ("path inside above", |run| run.files[0].path = "a/../../x".to_owned()),
        ("absolute path", |run| run.files[0].path = "/etc/passwd".to_owned()),
        ("no path", |run| run.files[0].path = String::new()),
        ("backup elsewhere", |run| run.files[0].backup = Some("../Dockerfile.pre-slim.20261121".to_owned())),
        ("backup with a folder", |run| run.files[0].backup = Some("x/Dockerfile.pre-slim.20261121".to_owned())),
        ("backup of another", |run| run.files[0].backup = Some("x.pre-slim.20261121".to_owned())),
        ("backup that is none", |run| run.files[0].backup = Some(".bashrc".to_owned())),
        ("token above", |run| run.token = "../../x".to_owned()),
        ("no token", |run| run.token = String::new()),
        ("no hash", |run| run.files[0].before = Some(Stamp { sha256: "1".to_owned(), bytes: 1 })),
        ("neither before nor after", |run| {
            run.files[0].before = None;
            run.files[0].after = None;
        }),
        ("backslashes", |run| run.files[0].backup = Some("..\\Dockerfile.pre-slim.20261121".to_owned())),
    ];
    for (what, spoil) in spoilt {
        let (_state, journal) = journal();
        let locked = journal.lock(Path::new("/r")).unwrap();
        let mut bad = run(1);
        spoil(&mut bad);
        locked.put_pending(&bad).unwrap();
        assert!(matches!(journal.pending(), Err(JournalError::Unreadable(_))), "{what}");
        locked.end(&run(1)).unwrap();
        let (runs, unreadable) = journal.runs();
        assert_eq!((runs.len(), unreadable.len()), (0, 1), "{what}");
    }
    let (_state, journal) = journal();
    journal.lock(Path::new("/r")).unwrap();
    fs::write(journal.path().join("pending.json"), "{").unwrap();
    assert!(matches!(journal.pending(), Err(JournalError::Unreadable(_))));
}
