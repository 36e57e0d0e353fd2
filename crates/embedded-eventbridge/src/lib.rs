//! EventBridge in this process: PutEvents over HTTP, and a log of what was published.
