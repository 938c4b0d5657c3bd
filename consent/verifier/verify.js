// Checks a receipt that the reader chooses, with what attest/browser.js, which stands before this, knows how to check.
(() => {
  const {
    Failed, Unchecked, must, hex, unbase64, words, parsedOnce, fields, canonical, canonicalParsed, sha256, envelope,
    enrolment, hasItsId, signedByEnrolled, vkey, note, noteSigned, tlogProof, inLog,
  } = Evidence;
  const KNOWN = JSON.parse(document.getElementById("known").textContent);
  const CONSENT = "application/vnd.govern.consent+json";
  const FIELDS = [
    "schema", "lang", "event", "at", "pid", "index", "log_key", "entry", "proof", "checkpoint", "envelope", "record",
    "record_sha256", "notice", "signer",
  ];
  const MAX_RECEIPT = 1 << 20;

  const event = (data) => {
    const said = fields(canonicalParsed(data, "an entry"), ["v", "type", "id", "at", "actor", "body"], "an entry");
    must(said.v === 1 && said.body !== null && typeof said.body === "object", "an entry is not in form");
    return said;
  };

  // The receipt inside of a page, as consent.receipt_page writes it.
  const insidePage = (text) => {
    const [open, close] = ['<pre id="receipt">', "</pre>"];
    const begin = text.indexOf(open);
    const end = text.indexOf(close, begin);
    must(begin >= 0 && end > begin, "the file is no receipt");
    const marks = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
    return text.slice(begin + open.length, end).replace(/&(?:lt|gt|amp);/g, (mark) => marks[mark]);
  };

  // attest.fingerprint.words.
  const eightWords = (digest) => {
    const [consonants, vowels] = ["bdfghjklmnprstvz", "aiou"];
    const word = (n) => consonants[n >> 12] + vowels[n >> 10 & 3] + consonants[n >> 6 & 15] + vowels[n >> 4 & 3] + consonants[n & 15];
    return Array.from({ length: 8 }, (_, i) => word(digest[2 * i] << 8 | digest[2 * i + 1])).join(" ");
  };

  const recordOf = (it) => {
    if (it.record === null) throw new Unchecked("nothing was signed");
    return it.record;
  };
  const logOf = (it) => {
    if (it.log === null) throw new Unchecked("no key was given");
    return it.log;
  };

  const CHECKS = {
    async form(it) {
      must(it.data.length <= MAX_RECEIPT, "the file is too long");
      const text = words(it.data);
      it.isPage = text.trimStart().startsWith("<");
      const file = fields(parsedOnce(it.isPage ? insidePage(text) : text, "the file"), FIELDS, "the file");
      must(file.schema === "govern-receipt/1" && Object.hasOwn(KNOWN.texts, file.lang), "the file is no receipt");
      it.file = file;
      it.entry = unbase64(file.entry);
      it.proof = tlogProof(unbase64(file.proof));
      it.head = note(it.proof.note);
      it.event = event(it.entry);
      must(it.event.type.startsWith("consent.") && typeof it.event.body.pid === "string", "the entry is not about a consent");
      it.envelope = it.event.body.envelope ?? null;
      it.record = null;
      if (it.envelope !== null) {
        it.payload = unbase64(it.envelope.payload);
        it.record = canonicalParsed(it.payload, "the record");
        it.digest = await sha256(it.payload);
      }
    },

    async checkpoint(it) {
      if (it.key === "") throw new Unchecked("no key was given");
      it.log = await vkey(it.key);
      await noteSigned(it.head, it.log);
    },

    async entry(it) {
      await inLog(it.entry, it.proof.index, it.proof.path, it.head);
    },

    async copies(it) {
      const { file } = it;
      const alike = (a, b) => must(canonical(a) === canonical(b), "a copy differs");
      alike(file.event, it.event.type);
      alike(file.at, it.event.at);
      alike(file.pid, it.event.body.pid);
      alike(file.index, it.proof.index);
      alike(file.envelope, it.envelope);
      alike(file.record, it.record);
      alike(file.record_sha256, it.record === null ? null : hex(it.digest));
      must(words(unbase64(file.checkpoint)) === it.proof.note, "a copy differs");
      if (it.key !== "") alike(file.log_key, it.key);
      must(it.record !== null || (file.notice === null && file.signer === null), "a copy differs");
    },

    async record(it) {
      const record = recordOf(it);
      must([undefined, null, hex(it.digest)].includes(it.event.body.record_sha256), "the entry names another record");
      it.opened = envelope(it.envelope, CONSENT);
      must(record.schema === "govern-consent/1", "the record is of another version");
      must(`consent.${record.event}` === it.event.type && record.subject.pid === it.event.body.pid, "the entry names another record");
    },

    async signer(it) {
      const record = recordOf(it);
      if (it.file.signer === null) throw new Unchecked("the receipt does not hold the key");
      const given = fields(it.file.signer, ["entry", "proof"], "the enrolment");
      const [entry, proof] = [unbase64(given.entry), tlogProof(unbase64(given.proof))];
      const head = note(proof.note);
      await inLog(entry, proof.index, proof.path, head);
      const says = event(entry);
      const signer = enrolment(says);
      must([record.subject.pid, record.actor.id].includes(says.body.pid), "the key is somebody else's");
      must(!signer.passkey || record.method === "webauthn", "the record says that it was signed in another way");
      await hasItsId(signer);
      it.signer = signer;
      // What can be said without the log's key was said above, so that a changed entry is never only "not checked".
      await noteSigned(head, logOf(it));
    },

    async signature(it) {
      recordOf(it);
      if (it.signer === null) throw new Unchecked("the receipt does not hold the key");
      await signedByEnrolled(it.opened, it.signer, "the signature is wrong");
    },

    async notice(it) {
      const { sha256: digest } = recordOf(it).notice;
      const shown = it.file.notice;
      if (shown === null) {
        must(!KNOWN.notices.includes(digest), "the notice was taken out");
        throw new Unchecked("the receipt does not hold the notice");
      }
      fields(shown, ["lang", "version", "text", "sha256"], "the notice");
      must(shown.sha256 === digest, "it is another notice");
      must(hex(await sha256(new TextEncoder().encode(shown.text))) === digest, "it is another notice");
      const known = it.record.notice;
      must(shown.lang === known.lang && shown.version === known.version, "it is another notice");
      it.told = shown.text;
    },

    async page(it) {
      if (it.isPage) throw new Unchecked("the words around it are not checked");
    },
  };
  // What each line rests on: if that does not hold, the line is not asked, and does not hold either.
  const NEEDS = { signature: ["record", "signer"], notice: ["record"] };
  // A decision is shown only where none of these fails.
  const PROOFS = ["form", "checkpoint", "entry", "copies", "record", "signer", "signature"];

  let run = 0;
  let found = null;
  let lang = "en";

  const judge = async (data, key) => {
    const it = { data, key, log: null, signer: null, opened: null, told: null };
    const lines = new Map();
    for (const name of Object.keys(CHECKS)) {
      let [verdict, why] = ["holds", ""];
      const rests = name === "form" ? [] : ["form", ...(NEEDS[name] ?? [])];
      if (rests.some((one) => lines.get(one).verdict === "failed")) {
        [verdict, why] = ["failed", "a line above does not hold"];
      } else {
        try {
          await CHECKS[name](it);
        } catch (error) {
          verdict = error instanceof Unchecked ? "unchecked" : "failed";
          why = error instanceof Failed || error instanceof Unchecked ? error.message : "";
        }
      }
      if (name !== "page" || it.isPage) lines.set(name, { verdict, why });
    }
    return { it, lines };
  };

  // What was decided: out of the signed record, or out of the entry where nothing was signed, and of no copy of it.
  const rowsOf = ({ it, lines }) => {
    const { said, page } = KNOWN.texts[lang];
    const name = (code) => (Object.hasOwn(said, code) ? `${code} (${said[code]})` : code);
    const names = (codes) => codes.map(name).join(", ") || said.none;
    const { record } = it;
    const where = [said.where, said.entry.replace("{index}", it.proof.index)];
    if (record === null) {
      const { pid, purposes } = it.event.body;
      return [
        [page.who, pid], [said.what, said[it.event.type] ?? it.event.type], [said.when, it.event.at], where,
        [page.about, Array.isArray(purposes) ? names(purposes) : said.all_purposes],
      ];
    }
    const event = `consent.${record.event}`;
    const rows = [[page.who, record.subject.pid], [said.what, said[event] ?? event], [said.when, record.event_time], where];
    for (const one of record.choices) {
      if (one.decision === "given") {
        rows.push([said.yes_to, name(one.purpose)], [said.sources, names(one.sources)]);
        rows.push([said.days, `${one.from} ${said.to} ${one.until}`], [said.knowledge, names(one.categories)]);
        rows.push([said.readers, one.recipients.join(", ") || said.nobody]);
      } else {
        rows.push([one.decision === "refused" ? said.no_to : said.end_of, name(one.purpose)]);
      }
    }
    if (record.event === "given" || record.event === "renewed") {
      const parts = record.validity.match(/^P(?:([0-9]+)M)?(?:([0-9]+)D)?$/) ?? [];
      const long = [parts[1] && page.months.replace("{n}", parts[1]), parts[2] && page.days.replace("{n}", parts[2])].filter(Boolean);
      const length = long.join(" ") || record.validity;
      rows.push([page.lasts, page.from.replace("{length}", length).replace("{start}", record.event_time) + `, ${said.unless}`]);
      rows.push([said.kept, record.withhold.join(", ") || said.nothing], [said.model, record.processing.model_sha256]);
    }
    rows.push([said.policy, `${record.policy.id}, ${said.version} ${record.policy.version}, ${record.policy.sha256}`]);
    if (record.actor.id !== record.subject.pid) rows.push([page.actor, record.actor.id]);
    if (lines.get("signature").verdict === "holds") {
      rows.push([said.signer, it.signer.id]);
      if (it.signer.passkey) rows.push([said.page, it.signer.passkey.origin]);
    }
    return [...rows, [said.record_digest, hex(it.digest)], [said.words, eightWords(it.digest)]];
  };

  const make = (tag, text, kind) => {
    const node = document.createElement(tag);
    node.textContent = text;
    if (kind) node.className = kind;
    return node;
  };

  const summary = (texts, lines) => {
    const all = [...lines.values()].map((one) => one.verdict);
    if (all.includes("failed")) return ["failed", texts.sum_failed];
    const open = all.filter((one) => one === "unchecked").length;
    return open > 0 ? ["unchecked", texts.sum_open.replace("{n}", open)] : ["holds", texts.sum_holds];
  };

  const show = () => {
    const { page: texts } = KNOWN.texts[lang];
    document.documentElement.lang = lang;
    document.title = texts.title;
    document.querySelectorAll("[data-t]").forEach((node) => { node.textContent = texts[node.dataset.t]; });
    document.querySelectorAll("[data-lang]").forEach((node) => node.setAttribute("aria-pressed", node.dataset.lang === lang));
    const line = document.getElementById("verdict");
    const decided = document.getElementById("decided");
    decided.replaceChildren();
    [line.className, line.textContent] = found === null ? ["", texts.sum_none] : summary(texts, found.lines);
    for (const row of document.querySelectorAll("[data-check]")) {
      const name = row.dataset.check;
      const { verdict, why } = found?.lines.get(name) ?? { verdict: "unchecked", why: "" };
      row.hidden = name === "page" && !found?.lines.has(name);
      const cell = row.querySelector(".verdict");
      cell.textContent = texts[verdict];
      cell.className = `verdict ${verdict}`;
      const meaning = found === null || verdict === "unchecked" ? "" : texts[`${verdict}_${name}`];
      row.querySelector(".found").textContent = [meaning, texts.reasons[why]].filter(Boolean).join(" ");
    }
    if (found === null) {
      decided.append(make("p", texts.decided_none));
    } else if (PROOFS.some((name) => found.lines.get(name).verdict === "failed")) {
      decided.append(make("p", texts.decided_failed));
    } else {
      const proven = PROOFS.every((name) => found.lines.get(name).verdict === "holds");
      const how = found.it.record === null ? texts.decided_entry : proven ? texts.decided_record : texts.decided_open;
      const table = document.createElement("table");
      for (const [label, value] of rowsOf(found)) {
        const row = table.insertRow();
        row.append(make("th", label));
        row.firstChild.scope = "row";
        row.append(make("td", value));
      }
      decided.append(make("p", how), table);
      if (found.it.record !== null) decided.append(make("p", texts.words_why, "note"));
      if (found.it.told !== null) {
        const told = document.createElement("details");
        const text = make("pre", found.it.told);
        text.lang = found.it.record.notice.lang;
        told.append(make("summary", KNOWN.texts[lang].said.told), text);
        decided.append(told);
      }
    }
    line.dataset.run = run;
  };

  const receipt = document.getElementById("receipt");
  const key = document.getElementById("key");
  let running = Promise.resolve();
  const start = () => {
    running = running.then(async () => {
      const file = receipt.files[0];
      found = file === undefined ? null : await judge(new Uint8Array(await file.arrayBuffer()), key.value.trim());
    }).catch(() => { found = null; }).then(() => { run += 1; show(); });
  };
  document.getElementById("key-file").addEventListener("change", async ({ target }) => {
    if (target.files[0] === undefined) return;
    key.value = (await target.files[0].text()).trim().slice(0, 1000);
    start();
  });
  receipt.addEventListener("change", start);
  key.addEventListener("change", start);
  document.getElementById("again").addEventListener("click", start);
  document.querySelectorAll("[data-lang]").forEach((node) => node.addEventListener("click", () => {
    lang = node.dataset.lang;
    show();
  }));
  const own = navigator.language.slice(0, 2).toLowerCase();
  if (Object.hasOwn(KNOWN.texts, own)) lang = own;
  show();
})();
