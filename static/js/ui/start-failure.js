/**
 * Reports that the page cannot start or join, instead of leaving it blank or waiting for ever.
 *
 * A classic script in old syntax, not a module, since the modules may be what fails. It watches while
 * `<body data-underway>` says that the page is about to show something (underway.js). It ignores later errors: a call
 * goes on without the listener that failed.
 */
(function () {
  /** The start of the addresses of this server's files. */
  var OURS = /** @type {HTMLScriptElement} */ (document.currentScript).src.replace(/\/static\/.*$/, "/static/");
  /** Milliseconds until it reports that the page is still loading. */
  var SLOW = 10000;

  /** In each language (language.js): no catalogue can be waited for. */
  var WORDS = {
    en: {
      reload: "Reload",
      home: "Home",
      failed: {
        title: "Something went wrong",
        text: "This page could not go on. Reloading usually helps. If it does not, update your browser, or tell whoever runs this server what is written below.",
      },
      missing: {
        title: "A part of this page did not load",
        text: "The connection may have failed, or something in this browser or network blocks it. Reload to try again.",
      },
      old: {
        title: "This browser is too old",
        text: "Reconvene needs Chrome or Edge 114, Firefox 125, Safari 17, or a newer one. Update this browser, or use another.",
      },
      slow: {
        title: "Still loading",
        text: "The connection or the server is slow. This page goes on by itself as soon as it can.",
      },
    },
    de: {
      reload: "Neu laden",
      home: "Startseite",
      failed: {
        title: "Etwas ist schiefgegangen",
        text: "Diese Seite konnte nicht weiterarbeiten. Meist hilft es, sie neu zu laden. Wenn nicht, aktualisieren Sie Ihren Browser, oder teilen Sie dem Betreiber dieses Servers mit, was unten steht.",
      },
      missing: {
        title: "Ein Teil dieser Seite wurde nicht geladen",
        text: "Vielleicht ist die Verbindung abgebrochen, oder etwas in diesem Browser oder Netzwerk blockiert sie. Laden Sie die Seite neu, um es noch einmal zu versuchen.",
      },
      old: {
        title: "Dieser Browser ist zu alt",
        text: "Reconvene braucht Chrome oder Edge ab 114, Firefox ab 125 oder Safari ab 17. Aktualisieren Sie diesen Browser, oder nehmen Sie einen anderen.",
      },
      slow: {
        title: "Wird noch geladen",
        text: "Die Verbindung oder der Server ist langsam. Diese Seite macht von selbst weiter, sobald sie kann.",
      },
    },
  };
  var SAID = document.documentElement.lang === "de" ? WORDS.de : WORDS.en;

  var started = false;
  var said = "";

  /** @returns {boolean} */
  function underway() {
    return !document.body || document.body.hasAttribute("data-underway");
  }

  /** @param {() => void} run  called once there is a body */
  function whenReady(run) {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", run);
    else run();
  }

  /** @param {string} label @param {() => void} run @param {string} look */
  function button(label, run, look) {
    var element = document.createElement("button");
    element.className = look;
    element.textContent = label;
    element.addEventListener("click", run);
    return element;
  }

  /** @param {"failed" | "missing" | "old" | "slow"} what @param {string} detail */
  function say(what, detail) {
    // The first failure causes the following ones.
    if (said && said !== "slow") return;
    said = what;
    whenReady(function () {
      if (said !== what) return;
      clear();
      var notice = document.createElement("div");
      notice.id = "failure";
      notice.className = "page";
      notice.setAttribute("data-what", what);
      var main = document.createElement("main");
      main.className = "notice";
      var title = document.createElement("h1");
      title.tabIndex = -1;
      title.textContent = SAID[what].title;
      var text = document.createElement("p");
      text.setAttribute("role", "alert");
      text.textContent = SAID[what].text;
      var actions = document.createElement("div");
      actions.className = "actions";
      actions.appendChild(button(SAID.reload, function () { location.reload(); }, "button primary"));
      actions.appendChild(button(SAID.home, function () { location.assign(OURS.replace(/static\/$/, "")); }, "button"));
      main.appendChild(title);
      main.appendChild(text);
      if (detail) {
        var code = document.createElement("code");
        code.className = "what-failed";
        code.textContent = detail;
        main.appendChild(code);
      }
      main.appendChild(actions);
      notice.appendChild(main);
      var view = document.getElementById("view");
      if (view) view.hidden = true;
      document.body.insertBefore(notice, document.body.firstChild);
      title.focus();
    });
    // Nobody may stay in a meeting behind a failure page.
    if (what !== "slow") window.dispatchEvent(new Event("startfailure"));
  }

  function clear() {
    var notice = document.getElementById("failure");
    var view = document.getElementById("view");
    if (notice && notice.parentNode) notice.parentNode.removeChild(notice);
    if (view) view.hidden = false;
  }

  /** @param {string} url  of this server @returns {string} without the release's hash */
  function short(url) {
    return url.slice(OURS.length - "/static/".length).replace(/^\/static\/[0-9a-f]{8,}\//, "/static/");
  }

  /** @param {any} error @returns {string} */
  function words(error) {
    return error && error.message ? (error.name || "Error") + ": " + error.message : String(error);
  }

  window.addEventListener(
    "error",
    /** @param {any} event */ function (event) {
      if (!underway()) return;
      var target = event.target;
      if (target && target.tagName === "SCRIPT") {
        if (String(target.src).indexOf(OURS) === 0) say("missing", short(target.src));
      } else if (event.error && String(event.filename).indexOf(OURS) === 0) {
        // A syntax error mostly means that the browser is too old.
        say(!started && event.error instanceof SyntaxError ? "old" : "failed", words(event.error) + " (" + short(event.filename) + ":" + event.lineno + ")");
      }
    },
    // Errors of elements do not bubble.
    true,
  );

  window.addEventListener("unhandledrejection", function (event) {
    var reason = event.reason;
    // Errors of extensions arrive here too. What the browser itself refuses may not say where.
    if (underway() && reason instanceof Error && (!/:\d/.test(reason.stack || "") || String(reason.stack).indexOf(OURS) >= 0)) say("failed", words(reason));
  });

  // What the page is made with that came last (docs/browsers.md). Popovers came after all else.
  var tooOld = !("noModule" in HTMLScriptElement.prototype) || !("popover" in HTMLElement.prototype) || !window.AbortSignal || !AbortSignal.timeout || !Array.prototype.toSorted;
  if (tooOld) return say("old", "");

  window.addEventListener("arrived", function () {
    started = true;
    if (said) clear();
    said = "";
  });
  setTimeout(function () { if (!started) say("slow", ""); }, SLOW);
})();
