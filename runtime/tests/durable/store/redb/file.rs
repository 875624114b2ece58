//! Files that may lie under the path of a `RedbStore`: the table of `RedbOptions::open`, row by row.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};

use redb::{Database, TableDefinition};
use stateway::store::Store as _;
use stateway::{OpenError, RedbStore};

use crate::support::walk::new;

const OTHER: TableDefinition<'_, u64, u64> = TableDefinition::new("runs");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.at("runs.redb")
    }

    /// All that is in it, byte by byte.
    fn all(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let entries = entries.map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = match fs::read_link(&path) {
                Ok(target) => target.to_string_lossy().into_owned().into_bytes(),
                Err(_) if path.is_dir() => Vec::new(),
                Err(_) => fs::read(&path).unwrap(),
            };
            (name, bytes)
        });
        entries.collect()
    }

    fn names(&self) -> Vec<String> {
        self.all().into_keys().collect()
    }

    /// Opens the path, which is refused, and not one byte in the folder has changed.
    fn refused(&self) -> OpenError {
        let before = self.all();
        let refused = RedbStore::open(self.file()).unwrap_err();
        assert!(self.all() == before, "something was changed: {refused}");
        refused
    }
}

fn has_run(path: &Path, id: &str) -> bool {
    let store = RedbStore::open(path).unwrap();
    pollster::block_on(async {
        // Reads have threads of tokio's, which is not there: an addition says whether it was there before.
        use stateway::store::Created;
        matches!(store.create(new(id)).await.unwrap(), Created::Known { .. })
    })
}

fn add_run(path: &Path, id: &str) {
    assert!(!has_run(path, id));
}

/// A database of another program, which is not closed when `is_left` says so.
fn foreign(path: &Path, is_left: bool, fill: impl FnOnce(&redb::WriteTransaction)) {
    let database = Database::create(path).unwrap();
    let write = database.begin_write().unwrap();
    fill(&write);
    write.commit().unwrap();
    if is_left {
        // As a process leaves it that dies.
        let left = fs::read(path).unwrap();
        drop(database);
        fs::write(path, left).unwrap();
    }
}

#[test]
fn nothing_becomes_a_store_with_its_name_alone() {
    let folder = Folder::new();
    add_run(&folder.file(), "a");
    assert_eq!(folder.names(), ["runs.redb"]);
    assert!(has_run(&folder.file(), "a"));
}

#[test]
fn a_store_may_have_the_longest_name_that_there_is() {
    let folder = Folder::new();
    let name = "r".repeat(255);
    add_run(&folder.at(&name), "a");
    assert_eq!(folder.names(), [name]);
}

/// As a crash leaves it, which came before it had its name.
#[test]
fn what_is_half_made_is_no_store_and_in_nobodys_way() {
    let folder = Folder::new();
    fs::write(folder.at(".stateway-0123456789ab.new"), vec![7; 5_000]).unwrap();
    let before = folder.all();
    add_run(&folder.file(), "a");
    let mut after = folder.all();
    assert!(after.remove("runs.redb").is_some());
    assert!(after == before);
}

#[test]
fn a_store_that_is_open_is_in_use() {
    let folder = Folder::new();
    let path = folder.file();
    let store = RedbStore::open(&path).unwrap();
    let refused = RedbStore::open(&path).unwrap_err();
    assert!(matches!(&refused, OpenError::InUse { path: named } if *named == path));
    drop(store.clone());
    assert!(RedbStore::open(&path).is_err(), "a clone is the same store");
    drop(store);
    RedbStore::open(&path).unwrap();
}

#[test]
fn a_store_of_a_newer_format_is_left_alone() {
    let folder = Folder::new();
    drop(RedbStore::open(folder.file()).unwrap());
    foreign(&folder.file(), false, |write| {
        let mut meta = write.open_table(META).unwrap();
        meta.insert("format", 2).unwrap();
    });
    let refused = folder.refused();
    let OpenError::Newer { found, known, .. } = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!((*found, *known), (2, 1));
    let text = refused.to_string();
    assert!(
        text.contains("runs.redb") && text.contains("run it with a newer version"),
        "{text}"
    );
}

#[test]
fn a_database_of_another_program_is_foreign() {
    for is_left in [false, true] {
        let cases: [fn(&redb::WriteTransaction); 6] = [
            |_| {},
            |write| {
                write.open_table(OTHER).unwrap().insert(1, 1).unwrap();
            },
            |write| {
                write.open_table(META).unwrap().insert("format", 1).unwrap();
            },
            |write| {
                write.open_table(META).unwrap().insert("size", 1).unwrap();
            },
            |write| {
                let meta = TableDefinition::<u64, u64>::new("meta");
                write.open_table(meta).unwrap().insert(1, 1).unwrap();
            },
            |write| {
                let meta = redb::MultimapTableDefinition::<&str, u64>::new("meta");
                let mut meta = write.open_multimap_table(meta).unwrap();
                meta.insert("format", 1).unwrap();
            },
        ];
        for (number, fill) in cases.into_iter().enumerate() {
            let folder = Folder::new();
            foreign(&folder.file(), is_left, fill);
            let refused = folder.refused();
            assert!(
                matches!(refused, OpenError::Foreign { .. }),
                "{number}, {is_left}: {refused:?}"
            );
            assert!(
                refused.to_string().contains("no store of runs"),
                "{refused}"
            );
        }
    }
}

#[test]
fn a_store_without_one_of_its_tables_is_foreign() {
    let folder = Folder::new();
    drop(RedbStore::open(folder.file()).unwrap());
    foreign(&folder.file(), false, |write| {
        let table = TableDefinition::<(&str, u64), &[u8]>::new("inbox");
        assert!(write.delete_table(table).unwrap());
    });
    let refused = folder.refused();
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused:?}");
}

#[test]
fn any_other_file_is_foreign() {
    for bytes in [
        b"a letter to somebody".to_vec(),
        vec![0; 1],
        vec![0; 100_000],
        b"redb\x1a\n\xa9\r\n".to_vec(),
    ] {
        let folder = Folder::new();
        fs::write(folder.file(), &bytes).unwrap();
        let refused = folder.refused();
        let is_whole = bytes.starts_with(b"redb");
        assert!(
            matches!(refused, OpenError::Foreign { .. })
                || is_whole && matches!(refused, OpenError::Damaged { .. }),
            "{refused:?}"
        );
    }
}

#[test]
fn an_empty_file_is_not_taken_for_a_new_one() {
    let folder = Folder::new();
    fs::write(folder.file(), "").unwrap();
    let refused = folder.refused();
    assert!(matches!(refused, OpenError::Empty { .. }), "{refused:?}");
    assert!(refused.to_string().contains("remove the file"), "{refused}");
    fs::remove_file(folder.file()).unwrap();
    add_run(&folder.file(), "a");
}

#[test]
fn a_folder_is_refused() {
    let folder = Folder::new();
    fs::create_dir(folder.file()).unwrap();
    let refused = folder.refused();
    let source = refused.source().expect("it says why").to_string();
    assert_eq!(source, "it is a folder");
}

#[test]
fn a_store_in_a_folder_that_is_not_there_is_refused() {
    let folder = Folder::new();
    let path = folder.at("no such folder").join("runs.redb");
    let refused = RedbStore::open(&path).unwrap_err();
    assert!(matches!(&refused, OpenError::File { path: named, .. } if *named == path));
    for path in ["", "/", ".."] {
        let refused = RedbStore::open(path).unwrap_err();
        assert!(matches!(refused, OpenError::File { .. }), "{refused:?}");
    }
}

#[test]
fn what_lies_beside_it_is_not_touched() {
    let folder = Folder::new();
    for name in ["runs.redb.new", "runs.redb.tmp", ".runs.redb.new"] {
        fs::write(folder.at(name), name).unwrap();
    }
    add_run(&folder.at("other.redb"), "b");
    let before = folder.all();
    add_run(&folder.file(), "a");
    let mut after = folder.all();
    assert!(after.remove("runs.redb").is_some());
    assert!(after == before);
}

#[test]
fn a_store_that_was_not_closed_is_repaired() {
    let folder = Folder::new();
    let path = folder.file();
    let store = RedbStore::open(&path).unwrap();
    pollster::block_on(store.create(new("a"))).unwrap();
    let left = fs::read(&path).unwrap();
    drop(store);
    fs::write(&path, left).unwrap();
    assert!(has_run(&path, "a"));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::process::Command;

    use super::*;
    use crate::support::only;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_store_is_its_owners_alone_unless_it_is_said_otherwise() {
        let folder = Folder::new();
        drop(RedbStore::open(folder.file()).unwrap());
        assert_eq!(mode(&folder.file()), 0o600);
        let shared = folder.at("shared.redb");
        drop(RedbStore::options().mode(0o640).open(&shared).unwrap());
        assert_eq!(mode(&shared), 0o640);
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o660)).unwrap();
        drop(RedbStore::open(&shared).unwrap());
        assert_eq!(mode(&shared), 0o660, "it keeps what it has");
    }

    #[test]
    fn a_store_is_made_where_a_link_leads() {
        let folder = Folder::new();
        fs::create_dir(folder.at("data")).unwrap();
        symlink("second", folder.file()).unwrap();
        symlink("data/orders.redb", folder.at("second")).unwrap();
        add_run(&folder.file(), "a");
        assert_eq!(folder.names(), ["data", "runs.redb", "second"]);
        assert!(fs::symlink_metadata(folder.file()).unwrap().is_symlink());
        assert!(has_run(&folder.at("data").join("orders.redb"), "a"));
        assert!(has_run(&folder.file(), "a"));
        // The rest of a store that was moved away is no reason to make one elsewhere.
        let names = fs::read_dir(folder.at("data")).unwrap().count();
        assert_eq!(names, 1);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_refused() {
        let folder = Folder::new();
        symlink("no such folder/orders.redb", folder.file()).unwrap();
        assert!(matches!(folder.refused(), OpenError::File { .. }));
        let folder = Folder::new();
        symlink("runs.redb", folder.file()).unwrap();
        assert!(matches!(folder.refused(), OpenError::File { .. }));
    }

    #[test]
    fn a_link_beside_it_is_not_followed() {
        let folder = Folder::new();
        fs::write(folder.at("letter"), "to somebody").unwrap();
        symlink("letter", folder.at("runs.redb.new")).unwrap();
        add_run(&folder.file(), "a");
        assert_eq!(fs::read(folder.at("letter")).unwrap(), b"to somebody");
        assert_eq!(folder.names(), ["letter", "runs.redb", "runs.redb.new"]);
    }

    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let folder = Folder::new();
        let made = Command::new("mkfifo").arg(folder.file()).status().unwrap();
        assert!(made.success());
        let refused = RedbStore::open(folder.file()).unwrap_err();
        let source = refused.source().expect("it says why").to_string();
        assert_eq!(source, "it is a pipe, a socket, or a device");
        let refused = RedbStore::open("/dev/null").unwrap_err();
        assert!(matches!(refused, OpenError::File { .. }), "{refused:?}");
    }

    /// As root everything is permitted, so there it is a process of somebody else who tries.
    #[test]
    fn without_permission_it_says_so() {
        use std::os::unix::process::CommandExt as _;
        const FILE: &str = "STATEWAY_TEST_FILE";
        if let Some(path) = std::env::var_os(FILE) {
            let refused = RedbStore::open(path).unwrap_err();
            println!("refused: {refused}: {}", refused.source().unwrap());
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let program = folder.path().join("test");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        let path = folder.path().join("runs.redb");
        drop(RedbStore::open(&path).unwrap());
        let is_root = fs::metadata(&path).unwrap().uid() == 0;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        let before = fs::read(&path).unwrap();
        let folder_alone = folder.path().join("new.redb");
        for path in [&path, &folder_alone] {
            if path == &folder_alone && !is_root {
                fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
            }
            let mut tries = Command::new(&program);
            tries
                .args(only(module_path!(), "without_permission_it_says_so"))
                .env(FILE, path);
            if is_root {
                tries.uid(65_534).gid(65_534);
            }
            let told = String::from_utf8(tries.output().unwrap().stdout).unwrap();
            assert!(
                told.contains("cannot be opened: Permission denied"),
                "{told}"
            );
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(fs::read(&path).unwrap() == before);
    }
}
