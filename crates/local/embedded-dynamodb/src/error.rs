//! Errors of starting the embedded DynamoDB.

use std::io;
use std::path::PathBuf;

use dynoxide::DynoxideError;
use loopback_http::ListenError;
use sam_template::TemplateError;

/// An error that prevents the embedded DynamoDB from starting.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The port cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The file exists and is not a database.
    #[error("{} is not a SQLite database", file.display())]
    NotADatabase {
        /// The file.
        file: PathBuf,
    },
    /// The database rejects a file or a table.
    #[error("{failed}")]
    Database {
        /// The operation that failed.
        failed: String,
        /// The error of the database.
        source: DynoxideError,
    },
    /// The index of the streams cannot be created.
    #[error("cannot index the streams")]
    Index {
        /// The error of SQLite.
        source: rusqlite::Error,
    },
    /// The temporary folder cannot be created.
    #[error("cannot create a temporary folder")]
    Temporary {
        /// The error of the system.
        source: io::Error,
    },
    /// A table's definition is not a `CreateTable` request.
    #[error("the definition of table {table} is not a CreateTable request")]
    Definition {
        /// The table.
        table: String,
        /// The error in the definition.
        source: serde_json::Error,
    },
    /// The template cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
}
