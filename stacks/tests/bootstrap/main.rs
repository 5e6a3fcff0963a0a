//! What an account is prepared with: the templates as they are reviewed, and who is trusted.

mod fixture;
mod snapshots;
mod trust;
