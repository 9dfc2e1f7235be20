//! Tool `web_fetch`: one page or document by its URL, as text.
//!
//! Addresses are checked and pinned, the page is read in a `net` hand; what comes back is somebody
//! else's words.

use serde_json::{Value, json};

use super::arguments::{only, text};
use crate::base::limits::{NET_REDIRECTS, URL_BYTES, WEB_TEXT_BYTES};
use crate::base::{Code, Fault};
use crate::gate::web::{Request, Web};
use crate::gate::{EVERY_HAND, Job, Manifest, Run, Tier, Tool};
use crate::sandbox::Class;
use crate::wire::hand::Outcome;
use crate::wire::net::Told;

/// See the module.
#[derive(Debug)]
pub struct WebFetch {
    manifest: Manifest,
    web: Web,
}

impl WebFetch {
    /// Over this way out.
    #[must_use]
    pub fn new(web: Web) -> Self {
        let manifest = Manifest {
            name: "web_fetch",
            purpose: "Text of a page on the public web, or on an address of the LAN that net.lan grants",
            arguments: json!({
                "type": "object", "required": ["url"], "additionalProperties": false,
                "properties": {"url": {"type": "string", "maxLength": URL_BYTES}}
            }),
            class: Some(Class::Net),
            needs: EVERY_HAND,
            tier: Tier::Changes,
            idempotent: true,
        };
        Self { manifest, web }
    }
}

impl Tool for WebFetch {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn prepare(&self, arguments: &Value) -> Result<Job, Fault> {
        only(arguments, &["url"])?;
        let request = Request { redirects: NET_REDIRECTS, ..Request::get("web_fetch", text(arguments, "url")?) };
        let run = Run::Fetch { web: self.web.clone(), request: Box::new(request), most: WEB_TEXT_BYTES };
        let finish = Box::new(|outcomes: Vec<Outcome>| match outcomes.as_slice() {
            [Outcome::Text(url), Outcome::Net(Told::Head { status, headers }), Outcome::Bytes { bytes, total }] => {
                let kind = headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
                let cut = *total > u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                let text = String::from_utf8_lossy(bytes);
                Ok(json!({"url": url, "status": status, "type": kind, "text": text, "cut": cut}))
            }
            other => Err(Fault::new(Code::Garbage, format!("web_fetch answered {} outcomes", other.len()))),
        });
        Ok(Job { run, finish })
    }
}
