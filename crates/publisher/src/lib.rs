//! The Lambda function that puts the events of stream batches on EventBridge.
