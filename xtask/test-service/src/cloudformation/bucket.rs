//! As much of S3 as it takes to upload to a bucket and to empty it.

use std::sync::Mutex;
use std::time::Duration;

use super::answers::{Answer, error, ok};
use super::world::World;
use crate::Request;

/// How long an upload takes, so that others are seen beside it.
const UPLOAD: Duration = Duration::from_millis(100);

/// Takes an upload, without holding up other requests.
pub fn upload(request: &Request, world: &Mutex<World>) -> Option<Answer> {
    let path = request.line.strip_prefix("PUT /")?;
    let (bucket, key) = path.split('?').next().unwrap_or_default().split_once('/')?;
    {
        let mut world = world.lock().expect("no request panicked");
        world.seen.push(Request { body: String::new(), ..request.clone() });
        world.uploads += 1;
        world.most_uploads = world.most_uploads.max(world.uploads);
    }
    std::thread::sleep(UPLOAD);
    let mut world = world.lock().expect("no request panicked");
    world.uploads -= 1;
    let Some(keys) = world.buckets.get_mut(bucket) else {
        return Some(error("404 Not Found", "NoSuchBucket", "The specified bucket does not exist"));
    };
    keys.insert(key.to_owned());
    Some(ok(String::new()))
}

/// Answers what is asked of a bucket.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
pub fn answer(world: &mut World, request: &Request) -> Answer {
    let (method, path) = request.line.split_once(" /").unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let Some(keys) = world.buckets.get_mut(bucket) else {
        return error("404 Not Found", "NoSuchBucket", "The specified bucket does not exist");
    };
    match method {
        "HEAD" if keys.contains(key) => ok(String::new()),
        "HEAD" => error("404 Not Found", "NotFound", ""),
        "GET" if query.contains("versions") => {
            let version = |key: &String| {
                format!(
                    "<Version><Key>{key}</Key><VersionId>null</VersionId><IsLatest>true</IsLatest><Size>1</Size></Version>"
                )
            };
            let versions: String = keys.iter().take(1000).map(version).collect();
            ok(format!("<ListVersionsResult><IsTruncated>false</IsTruncated>{versions}</ListVersionsResult>"))
        }
        "POST" if query.contains("delete") => {
            for named in request.body.split("<Key>").skip(1) {
                keys.remove(named.split("</Key>").next().unwrap_or_default());
            }
            ok("<DeleteResult></DeleteResult>".to_owned())
        }
        // https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
        "DELETE" if key.is_empty() && keys.is_empty() => {
            let bucket = bucket.to_owned();
            world.buckets.remove(&bucket);
            world.orphans.remove(&bucket);
            ok(String::new())
        }
        "DELETE" if key.is_empty() => {
            error("409 Conflict", "BucketNotEmpty", "The bucket you tried to delete is not empty")
        }
        _ => error("501 Not Implemented", "NotImplemented", &request.line),
    }
}
