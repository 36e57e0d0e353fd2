//! An index that dynoxide 3.2.0 lacks. Without it, every write to a table with a stream and every read of the stream scan
//! all records of the stream, and dynoxide never deletes a record. Measured in memory: 1,500 puts took 0.3 s in an empty
//! table and 3 s after 6,000; with the index, 0.1 s and 0.2 s.

use std::path::Path;

use dynoxide::Database;
use rusqlite::Connection;

use crate::error::EmbeddedError;

const INDEX: &str = "CREATE INDEX IF NOT EXISTS _stream_records_by_sequence \
     ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// Adds the index to a database file that dynoxide has created.
pub(crate) fn add_to_file(file: &Path) -> Result<(), EmbeddedError> {
    let index = || Connection::open(file)?.execute_batch(INDEX);
    index().map_err(|source| EmbeddedError::Index { source })
}

/// Adds the index to a database in memory. A second connection cannot reach it, so the index is added in a file.
pub(crate) fn add_to_memory(database: &Database) -> Result<(), EmbeddedError> {
    let folder = tempfile::tempdir().map_err(|source| EmbeddedError::Temporary { source })?;
    let file = folder.path().join("empty.sqlite");
    let failed = |source| EmbeddedError::Database { failed: "cannot index the streams".to_owned(), source };
    database.vacuum_into(&file.to_string_lossy()).map_err(failed)?;
    add_to_file(&file)?;
    database.restore_from(&file.to_string_lossy()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_by_the_index() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("database.sqlite");
        drop(Database::new(&file.to_string_lossy()).unwrap());
        add_to_file(&file).unwrap();
        add_to_file(&file).unwrap();
        let plan: String = Connection::open(&file)
            .unwrap()
            .query_row(
                "EXPLAIN QUERY PLAN SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = 't'",
                [],
                |row| row.get(3),
            )
            .unwrap();
        assert!(plan.contains("_stream_records_by_sequence"), "{plan}");
    }
}
