//! The HTML report in a real browser: no fault in the console, nothing overlaps or overflows, what is looked at lights
//! up, and no serious fault of accessibility, in light, dark and print.
//!
//! Needs `chromium` and `chromedriver` in the path, and axe-core at `COMMONCAUSE_AXE`. Without them the test says so and
//! passes, unless `COMMONCAUSE_BROWSER=required`.

use crate::page::{drawn, full, large, nasty};
use crate::{folder, run};
use commoncause::report::html;
use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use fantoccini::wd::{PrintConfigurationBuilder, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const WIDE: (u32, u32) = (1280, 1600);
const NARROW: (u32, u32) = (390, 844);

/// The driver of the browser; ends with its owner.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where axe-core is, if all that the test needs is there.
fn tools() -> Result<PathBuf, String> {
    for program in ["chromium", "chromedriver"] {
        let found =
            std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|p| p.join(program).is_file());
        if !found {
            return Err(format!("{program} is not in the path"));
        }
    }
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe/node_modules/axe-core/axe.min.js");
    let axe = std::env::var_os("COMMONCAUSE_AXE").map_or(usual, PathBuf::from);
    if axe.is_file() { Ok(axe) } else { Err(format!("axe-core is not at {} (COMMONCAUSE_AXE)", axe.display())) }
}

/// A command that only this browser knows.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

struct Browser {
    client: Client,
    axe: String,
    faults: Vec<String>,
}

impl Browser {
    async fn devtools(&self, cmd: &str, params: Value) -> Value {
        let body = json!({"cmd": cmd, "params": params});
        self.client.issue_cmd(Vendor { path: "goog/cdp/execute", body }).await.unwrap()
    }

    async fn size(&self, (width, height): (u32, u32)) {
        let params = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", params).await;
    }

    /// `screen` or `print`, `light` or `dark`.
    async fn media(&self, media: &str, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"media": media, "features": features})).await;
    }

    async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Notes what a script found: a list of texts.
    async fn look(&mut self, at: &str, script: &str) {
        let found = self.ask(script).await;
        let list = found.as_array().unwrap_or_else(|| panic!("{at}: {found}")).clone();
        self.faults.extend(list.iter().take(5).map(|f| format!("{at}: {}", f.as_str().unwrap_or("?"))));
    }

    async fn console(&mut self, at: &str) {
        let log = self.client.issue_cmd(Vendor { path: "se/log", body: json!({"type": "browser"}) }).await.unwrap();
        for entry in log.as_array().unwrap() {
            self.faults.push(format!("{at}: console: {}", entry["message"]));
        }
    }

    /// Serious faults; `rules` are all (`null`), or those that depend on colours.
    async fn accessibility(&mut self, at: &str, rules: Value) {
        let script = format!("if (!window.axe) {{ {} }}", self.axe);
        self.ask(&script).await;
        let run = "const done = arguments[arguments.length - 1]; const only = arguments[0]; \
                   const options = {resultTypes: ['violations'], preload: false}; if (only) options.runOnly = only; \
                   axe.run(document, options).then(r => done(r.violations \
                   .filter(v => v.impact === 'serious' || v.impact === 'critical') \
                   .map(v => v.id + ': ' + v.nodes.length + ' times, first ' + v.nodes[0].html.slice(0, 160))), \
                   e => done(['axe: ' + e]))";
        let found = self.client.execute_async(run, vec![rules]).await.unwrap();
        for fault in found.as_array().unwrap() {
            self.faults.push(format!("{at}: accessibility: {}", fault.as_str().unwrap_or("?")));
        }
    }

    /// Everything at every size and in every light, for one page.
    async fn visit(&mut self, name: &str, page: &Path, top: Option<&str>) {
        self.size(WIDE).await;
        self.media("screen", "light").await;
        self.client.goto(&format!("file://{}", page.display())).await.unwrap();
        if let Some(top) = top {
            let row = self.ask("return document.querySelector('#cause-1 .id').textContent").await;
            assert_eq!(row.as_str(), Some(top), "{name}");
            self.lights_up(name).await;
        }
        self.look(&format!("{name}, wide"), OVERFLOW).await;
        self.look(&format!("{name}, wide"), OVERLAP).await;
        self.ask("document.querySelectorAll('details').forEach(d => { d.open = true })").await;
        self.look(&format!("{name}, all open"), OVERFLOW).await;
        self.accessibility(&format!("{name}, light"), Value::Null).await;
        let light = self.ask(PAPER).await;
        self.media("screen", "dark").await;
        let dark = self.ask(PAPER).await;
        assert_ne!(light, dark, "{name}: dark looks like light");
        self.accessibility(&format!("{name}, dark"), json!(["color-contrast"])).await;
        self.size(NARROW).await;
        self.look(&format!("{name}, narrow"), OVERFLOW).await;
        self.look(&format!("{name}, narrow"), OVERLAP).await;
        self.media("print", "dark").await;
        assert_eq!(self.ask(PAPER).await, light, "{name}: paper is light");
        self.console(name).await;
    }

    /// What belongs to the first cause stands out while the pointer or the focus is on it, and not after.
    async fn lights_up(&mut self, name: &str) {
        let row = self.client.find(Locator::Css("#cause-1 th")).await.unwrap();
        let over = PointerAction::MoveToElement { element: row, duration: None, x: 0.0, y: 0.0 };
        self.client.perform_actions(MouseActions::new("mouse".to_string()).then(over)).await.unwrap();
        self.look(&format!("{name}, pointer"), LIT).await;
        let away = PointerAction::MoveTo { duration: None, x: 2.0, y: 2.0 };
        self.client.perform_actions(MouseActions::new("mouse".to_string()).then(away)).await.unwrap();
        self.look(&format!("{name}, pointer away"), UNLIT).await;
        let graph = "a.card[data-cause='1']";
        for link in ["#cause-1 a", graph] {
            if self.ask(&format!("return document.querySelector(\"{link}\") !== null")).await == json!(true) {
                self.ask(&format!("document.querySelector(\"{link}\").focus()")).await;
                self.look(&format!("{name}, focus on {link}"), LIT).await;
                self.ask("document.activeElement.blur()").await;
                self.look(&format!("{name}, focus away"), UNLIT).await;
            }
        }
    }
}

/// The colours of the page.
const PAPER: &str = "const s = getComputedStyle(document.body); return s.backgroundColor + ' ' + s.color";
/// What is wider than the window, and not in a part that scrolls.
const OVERFLOW: &str = "
    const most = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth > most ? ['the page is ' + document.documentElement.scrollWidth + ' wide'] : [];
    for (const e of document.querySelectorAll('body *')) {
        if (e.closest('.scroll, pre, .skip, .signs') && !e.matches('.scroll, pre')) continue;
        if (e.getBoundingClientRect().right > most + 1) wide.push('too wide: ' + e.outerHTML.slice(0, 120));
    }
    return wide";
/// Texts and boxes of the pictures that lie on each other, and texts that leave their box.
const OVERLAP: &str = "
    const faults = [];
    const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.6
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1.2;
    for (const svg of document.querySelectorAll('svg.graph, svg.time')) {
        for (const kind of ['text', '.card > rect']) {
            const all = [...svg.querySelectorAll(kind)].map(e => [e.getBoundingClientRect(), e.textContent || 'box']);
            all.forEach(([a, x], i) => all.slice(0, i).forEach(([b, y]) => { if (meet(a, b)) faults.push(x + ' lies on ' + y) }));
        }
        for (const card of svg.querySelectorAll('.card')) {
            const box = card.querySelector('rect').getBoundingClientRect();
            for (const text of card.querySelectorAll('text')) {
                const t = text.getBoundingClientRect();
                if (t.left < box.left - 0.5 || t.right > box.right + 0.5 || t.top < box.top - 1 || t.bottom > box.bottom + 1)
                    faults.push(text.textContent + ' leaves its box');
            }
        }
        const all = svg.getBoundingClientRect();
        for (const text of svg.querySelectorAll('text')) {
            const t = text.getBoundingClientRect();
            if (t.left < all.left - 1 || t.right > all.right + 1) faults.push(text.textContent + ' leaves the picture');
        }
    }
    return faults";
/// What of the first cause is not put forward.
const LIT: &str = "
    const faults = [];
    const all = s => [...document.querySelectorAll(s)];
    const expect = (s, name) => all(s).filter(e => !e.classList.contains(name)).forEach(e => faults.push(s + ' is not ' + name));
    if (!document.documentElement.classList.contains('lighting')) faults.push('nothing is lit');
    expect('[data-on~=\"1\"]', 'lit');
    expect('[data-for~=\"1\"]', 'speaks-for');
    expect('[data-against~=\"1\"]', 'speaks-against');
    const calm = getComputedStyle(document.body).backgroundColor;
    const row = document.querySelector('#cause-1 > th') || document.body;
    if (getComputedStyle(row).backgroundColor === calm || getComputedStyle(row).backgroundColor === 'rgba(0, 0, 0, 0)') faults.push('the row looks as before');
    for (const line of all('.graph .line')) {
        const on = (line.dataset.on || '').split(' ').includes('1');
        if ((getComputedStyle(line).opacity === '1') !== on) faults.push('a line of the graph is ' + (on ? 'dim' : 'bright'));
    }
    for (const card of all('.graph .card')) {
        const on = (card.dataset.on || '').split(' ').includes('1');
        if ((getComputedStyle(card).opacity === '1') !== on) faults.push('a box of the graph is ' + (on ? 'dim' : 'bright'));
    }
    for (const row of all('tr[data-for~=\"1\"] > td')) {
        if (getComputedStyle(row).backgroundColor === 'rgba(0, 0, 0, 0)') faults.push('a signal looks as before');
    }
    return faults";
/// What is still put forward.
const UNLIT: &str = "return [...document.querySelectorAll('.lit, .speaks-for, .speaks-against, .lighting')].map(e => 'still lit: ' + e.outerHTML.slice(0, 80))";

fn start(scratch: &Path) -> (Driver, u16) {
    let mut child = Command::new("chromedriver")
        .args(["--port=0", "--allowed-ips=127.0.0.1"])
        .env("TMPDIR", scratch)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = child.stdout.take().unwrap();
    let driver = Driver(child);
    let mut lines = BufReader::new(out).lines().map_while(Result::ok);
    let port = lines.find_map(|l| l.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok());
    // What it says later is read and forgotten.
    std::thread::spawn(move || lines.for_each(drop));
    (driver, port.expect("chromedriver names its port"))
}

async fn open(port: u16, scratch: &Path, axe: &Path) -> Browser {
    let profile = format!("--user-data-dir={}", scratch.join("profile").display());
    let args = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        &profile,
    ];
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": {"args": args},
        "goog:loggingPrefs": {"browser": "ALL"},
        "timeouts": {"script": 60_000},
    });
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities.as_object().unwrap().clone())
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .unwrap();
    Browser { client, axe: std::fs::read_to_string(axe).unwrap(), faults: Vec::new() }
}

/// Pages of the corpus, and of reports that try to break one: name, file, the first cause.
fn pages(scratch: &Path) -> Vec<(String, PathBuf, Option<String>)> {
    let mut pages = Vec::new();
    for (name, page) in drawn() {
        let file = scratch.join(format!("{name}.html"));
        std::fs::write(&file, page).unwrap();
        let (_, text, _) = run(&["correlate", &folder(&format!("incidents/{name}")), "--format", "json"]);
        let report: Value = serde_json::from_str(&text).unwrap();
        let top = report["causes"][0]["component"].as_str().map(str::to_string);
        pages.push((name.clone(), file, top));
    }
    for (name, report) in [("nasty", full(&nasty())), ("plain", full("a-name")), ("large", large())] {
        let file = scratch.join(format!("{name}.html"));
        std::fs::write(&file, html::html(&report)).unwrap();
        pages.push((name.to_string(), file, None));
    }
    pages
}

#[test]
fn pages_hold_in_a_real_browser() {
    let axe = match tools() {
        Ok(axe) => axe,
        Err(missing) => {
            let required = std::env::var("COMMONCAUSE_BROWSER").is_ok_and(|v| v == "required");
            assert!(!required, "COMMONCAUSE_BROWSER=required, but {missing}");
            eprintln!("SKIPPED, no page was looked at in a browser: {missing}");
            return;
        }
    };
    let scratch = tempfile::tempdir().unwrap();
    let pages = pages(scratch.path());
    let (driver, port) = start(scratch.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let faults = runtime.block_on(async {
        let mut browser = open(port, scratch.path(), &axe).await;
        notices_faults(&mut browser, scratch.path()).await;
        for (name, file, top) in &pages {
            browser.visit(name, file, top.as_deref()).await;
        }
        let alerts = browser.ask("return document.querySelectorAll('script').length").await;
        assert_eq!(alerts, json!(1));
        printed(&browser, &pages).await;
        picture(&browser, &pages).await;
        let faults = std::mem::take(&mut browser.faults);
        browser.client.close().await.unwrap();
        faults
    });
    drop(driver);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn meta(pages: &[(String, PathBuf, Option<String>)]) -> String {
    let page = pages.iter().find(|(name, ..)| name.starts_with("meta-2024")).unwrap();
    format!("file://{}", page.1.display())
}

/// A page with one fault of every sort is not let through.
async fn notices_faults(browser: &mut Browser, scratch: &Path) {
    let page = scratch.join("broken.html");
    let text = "<!DOCTYPE html><html lang=en><title>x</title><main><p style='width:2000px;color:#ddd;background:#fff'>pale</p>\
                <svg class=graph width=99 height=20><text y=9>one</text><text y=9>two</text></svg>\
                <i data-on=1></i><img src='missing.png'></main>";
    std::fs::write(&page, text).unwrap();
    browser.size(WIDE).await;
    browser.client.goto(&format!("file://{}", page.display())).await.unwrap();
    for (sort, script) in [("wide", OVERFLOW), ("lies on", OVERLAP), ("nothing is lit", LIT)] {
        browser.look("", script).await;
        assert!(browser.faults.iter().any(|f| f.contains(sort)), "{sort} in {:?}", browser.faults);
    }
    browser.accessibility("", Value::Null).await;
    browser.console("").await;
    for sort in ["color-contrast", "image-alt", "missing.png"] {
        assert!(browser.faults.iter().any(|f| f.contains(sort)), "{sort} in {:?}", browser.faults);
    }
    browser.faults.clear();
}

/// Paper: what is folded away is printed too.
async fn printed(browser: &Browser, pages: &[(String, PathBuf, Option<String>)]) {
    browser.media("", "light").await;
    browser.client.goto(&meta(pages)).await.unwrap();
    let pdf = browser.client.print(PrintConfigurationBuilder::default().build().unwrap()).await.unwrap();
    assert!(pdf.starts_with(b"%PDF") && pdf.len() > 30_000, "{} bytes", pdf.len());
    assert_eq!(browser.ask("return document.querySelectorAll('details[open]').length").await, json!(0));
}

/// The picture of the README, if it is asked for.
async fn picture(browser: &Browser, pages: &[(String, PathBuf, Option<String>)]) {
    let Some(file) = std::env::var_os("COMMONCAUSE_PICTURE") else { return };
    browser.size(WIDE).await;
    browser.media("screen", "light").await;
    browser.client.goto(&meta(pages)).await.unwrap();
    let below = "return Math.ceil(document.querySelector('#timeline .standing').getBoundingClientRect().bottom)";
    let height = browser.ask(below).await.as_u64().unwrap_or(1600) as u32 + 24;
    browser.size((WIDE.0, height)).await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::write(file, browser.client.screenshot().await.unwrap()).unwrap();
}
