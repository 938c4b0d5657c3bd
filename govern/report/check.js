// Checks the evidence in this page with what attest/browser.js, which stands before this, knows how to check. Its words, in
// every language, stand before it, too: a page in which they could be changed alone could call a failure what it likes.
(() => {
  const SAID = TEXTS[document.documentElement.lang];
  const say = (key, values = {}) => SAID[key].replace(/\{([a-z]+)\}/g, (_, name) => values[name]);
  const {
    Failed, Unchecked, must, same, hex, unbase64, words, parsed, fields, sha256, leafHash, rootOf, envelope, signedBy, enrolment,
    hasItsId, signedByEnrolled, vkey, note, noteSigned,
  } = Evidence;
  const SCHEMA = "govern-audit-report/1";
  const TYPES = {
    statement: "application/vnd.in-toto+json",
    release: "application/vnd.govern.release+json",
    key: "application/vnd.govern.key+json",
    consent: "application/vnd.govern.consent+json",
  };
  const ENDS = {
    consent: ["consent.withdrawn", "consent.revoked", "consent.expired", "consent.invalidated"],
    skill: ["skill.superseded", "skill.revoked", "skill.tombstoned"],
  };

  // The numbers, worked out anew from the entries; govern.report.figures does the same.
  const figuresOf = (page) => {
    const flow = { runs: 0, seen: 0, taken: 0, unchanged: 0, redacted: 0, "left out": 0, claims: 0, released: 0, struck: 0, open: 0 };
    const found = new Map();
    const add = (name, n) => found.set(name, (found.get(name) ?? 0) + n);
    const last = (type, run) => page.entries.findLast((e) => e.says.type === type && e.says.body.extraction_id === run)?.says.body;
    for (const { says } of page.entries.filter((e) => e.says.type === "extraction.sealed")) {
      const { extraction_id: run, counts, size } = says.body;
      flow.runs += 1;
      flow.seen += size;
      flow.unchanged += counts.taken;
      flow.redacted += counts.taken_redacted;
      flow["left out"] += counts.left_out;
      Object.entries(counts.by_reason).forEach(([reason, n]) => add(`reason ${reason}`, n));
      const own = page.skill && page.skill.predicate.extraction_id === run;
      const redactor = last("extraction.redacted", run)?.redactor ?? (own ? page.skill.predicate.redactor : {});
      Object.entries(redactor.by_entity ?? {}).forEach(([kind, n]) => add(`kind ${kind}`, n));
      if (own) {
        const { accepted, corrected, struck } = page.skill.review;
        flow.claims += accepted + corrected + struck;
        flow.released += accepted + corrected;
        flow.struck += struck;
      } else {
        const struck = last("skill.reviewed", run)?.struck ?? 0;
        const released = last("skill.released", run)?.claims ?? 0;
        const claims = last("extraction.distilled", run)?.claims ?? struck + released;
        flow.claims += claims;
        flow.released += released;
        flow.struck += struck;
        flow.open += claims - struck - released;
      }
    }
    flow.taken = flow.unchanged + flow.redacted;
    Object.entries(flow).forEach(([name, n]) => found.set(name, n));
    found.set("shown", page.entries.length);
    found.set("log size", page.head.size);
    const shown = new Map([...found].map(([name, n]) => [name, n.toLocaleString("en-US").replaceAll(",", SAID.group)]));
    shown.set("origin", page.head.origin).set("root", hex(page.head.root)).set("log key", page.vkey);
    if (page.skill) {
      const p = page.skill.predicate;
      shown.set("skill", page.skill.name).set("subject", p.subject).set("purpose", p.purpose).set("expires", p.expires);
      shown.set("policy", p.policy.sha256).set("extraction", p.extraction_id);
    }
    return shown;
  };

  const CHECKS = {
    async form(page) {
      const top = fields(parsed(page.text, "the evidence"), ["schema", "log_key", "checkpoint", "entries", "skill"], "the evidence");
      must(JSON.stringify(top) === page.text, "the evidence is not written in its one form");
      must(top.schema === SCHEMA, "the evidence is of another version");
      must(Array.isArray(top.entries), "the entries are not a list");
      page.vkey = words(unbase64(top.log_key));
      page.note = words(unbase64(top.checkpoint));
      page.entries = top.entries.map((one) => {
        fields(one, ["index", "data", "path"], "an entry");
        must(Array.isArray(one.path), "a path is not a list");
        const data = unbase64(one.data);
        const says = fields(parsed(words(data), "an entry"), ["v", "type", "id", "at", "actor", "body"], "an entry");
        return { index: one.index, data, path: one.path.map(unbase64), says };
      });
      must(page.entries.every((e, i, all) => i === 0 || all[i - 1].index < e.index), "the entries are not in order");
      if (top.skill !== null) {
        fields(top.skill, ["name", "statement", "release"], "the skill");
        page.signedSkill = { name: top.skill.name, statement: unbase64(top.skill.statement), release: unbase64(top.skill.release) };
      }
      must((document.querySelector("[data-check=statement]") !== null) === (top.skill !== null), "the skill was taken out");
      return say("entries", { n: page.entries.length });
    },

    async checkpoint(page) {
      const head = page.head = note(page.note);
      must(head.signatures.length === 1, "the checkpoint is not in form");
      const log = await vkey(page.vkey);
      page.key = log.key;
      await noteSigned(head, log);
      return say("checkpoint", { origin: head.origin, n: head.size });
    },

    async entries(page) {
      const found = await Promise.all(page.entries.map(async (e) => {
        try {
          return same(await rootOf(await leafHash(e.data), e.index, page.head.size, e.path), page.head.root);
        } catch (error) {
          if (error instanceof Failed) return false;
          throw error;
        }
      }));
      page.proven = found;
      const good = found.filter(Boolean).length;
      must(good === found.length, `${found.length - good} of ${found.length} do not lead to the checkpoint's root`);
      return say("paths", { n: good });
    },

    async statement(page) {
      const { name, statement, release } = page.signedSkill;
      const opened = envelope(parsed(words(statement), "the statement"), TYPES.statement);
      must(opened.by.size === 1, "another key signed the statement too");
      const said = envelope(parsed(words(release), "the release"), TYPES.release);
      page.skill = { name, predicate: opened.says.predicate, review: said.says.review, release: said, data: { statement, release } };
      await signedBy(opened, page.key, "the log's key did not sign the statement");
      must(page.skill.predicate.log_origin === page.head.origin, "the statement names another log");
      return say("stated", { n: opened.says.subject.length });
    },

    async figures(page) {
      const shown = figuresOf(page);
      const seen = new Set();
      for (const cell of document.querySelectorAll("[data-figure]")) {
        const name = cell.dataset.figure;
        must(shown.get(name) === cell.textContent, `the page shows another value of "${name}"`);
        seen.add(name);
      }
      const absent = [...shown.keys()].filter((name) => !seen.has(name));
      must(absent.length === 0, `the page leaves out "${absent[0]}"`);
      const rows = [...document.querySelectorAll("[data-entry]")];
      const known = new Map(page.entries.map((e) => [String(e.index), e.says]));
      for (const row of rows) {
        const says = known.get(row.dataset.entry);
        must(says !== undefined, "the page lists an entry that is not in the evidence");
        for (const cell of row.querySelectorAll("[data-field]")) {
          must(cell.textContent === (cell.dataset.field === "index" ? row.dataset.entry : says[cell.dataset.field]), "the page shows an entry otherwise than it is");
        }
      }
      const listed = new Set(rows.filter((row) => row.closest("#entries")).map((row) => row.dataset.entry));
      must(listed.size === known.size, "the page does not list every entry of the evidence");
      return say("figures", { values: shown.size, rows: rows.length });
    },

    async runs(page) {
      const at = new Map(page.entries.map((e) => [e.index, e.says]));
      const seals = page.entries.filter((e) => e.says.type === "extraction.sealed");
      if (seals.length === 0) throw new Unchecked(say("no_run"));
      for (const { index, says: { body } } of seals) {
        const { counts, manifest_index: first, steps } = body;
        must(counts.taken + counts.taken_redacted + counts.left_out === body.size, "the counts of a run do not add up");
        const manifest = at.get(first);
        must(manifest?.type === "source.manifest" && manifest.body.extraction_id === body.extraction_id, "a run has no manifest");
        must(manifest.body.size === body.size, "manifest and seal differ in the number of records");
        const chain = [first, steps.gated, steps.redacted, steps.distilled, index];
        must(chain.every((one, i) => i === 0 || chain[i - 1] < one), "the steps of a run are not in order");
        for (const [step, i] of Object.entries(steps)) {
          must(!at.has(i) || at.get(i).type === `extraction.${step}`, "a step of a run is another entry");
        }
      }
      return say("of", { n: seals.length });
    },

    async keys(page) {
      const enrolled = page.entries.filter((e) => ["key.enrolled", "key.rotated", "passkey.enrolled"].includes(e.says.type));
      page.people = new Map(enrolled.map(({ index, says }) => [`${says.body.pid} ${says.body.key_id}`, { ...enrolment(says), index }]));
      for (const { says: { body } } of enrolled) {
        const { pid, key_id: id, public_key: encoded, self_signature: own } = body;
        const signer = page.people.get(`${pid} ${id}`);
        await hasItsId(signer);
        const opened = signer.passkey ? signer.opened : envelope(own, TYPES.key);
        const names = signer.passkey || opened.says.public_key === encoded;
        must(opened.says.pid === pid && opened.says.key_id === id && names, "a key signed something else");
        await signedByEnrolled(opened, signer, "a key did not sign its own enrolment");
      }
      if (enrolled.length === 0) throw new Unchecked(say("no_key"));
      return say("of", { n: enrolled.length });
    },

    async consents(page) {
      const given = page.entries.filter((e) => e.says.type === "consent.given" || e.says.type === "consent.renewed");
      let others = 0;
      for (const { index, says } of given) {
        const { pid, record_sha256: digest, envelope: own } = says.body;
        const opened = envelope(own, TYPES.consent);
        must(hex(await sha256(opened.payload)) === digest, "a consent names another record than the one that was signed");
        must(opened.says.subject.pid === pid && `consent.${opened.says.event}` === says.type, "a consent says something else");
        const signer = [...opened.by.keys()].map((id) => page.people.get(`${pid} ${id}`)).find(Boolean);
        // Signed by a delegate's key: `govern audit verify` knows how.
        if (signer === undefined && opened.says.actor?.role === "delegate") { others += 1; continue; }
        must(signer !== undefined, "no key of the person signed a consent");
        must(signer.index < index, "a consent was signed by a key that was enrolled later");
        must(!signer.passkey || opened.says.method === "webauthn", "a consent says that it was signed in another way");
        await signedByEnrolled(opened, signer, "a person's key did not sign a consent");
      }
      if (given.length === 0) throw new Unchecked(say("no_consent"));
      if (others > 0) throw new Unchecked(say("delegate", { others, n: given.length }));
      return say("of", { n: given.length });
    },

    async bound(page) {
      const { predicate, data } = page.skill;
      const of = (type) => page.entries.filter((e) => e.says.type === type && e.says.body.extraction_id === predicate.extraction_id);
      // A run may have been released again since, with other claims.
      const digest = hex(await sha256(data.statement));
      const release = of("skill.released").find((e) => e.says.body.statement_sha256 === digest);
      must(release !== undefined, "no release in the log is of this statement");
      must(release.says.body.expires === predicate.expires, "release and statement expire at different times");
      const seal = of("extraction.sealed").find((e) => e.index === predicate.seal.index);
      must(seal !== undefined && seal.index < release.index, "the seal that is stated is not shown");
      must(seal.index === release.says.body.seal_index, "the release is of another seal");
      const { root, size, counts } = predicate.dispositions;
      const body = seal.says.body;
      must(body.root === root && body.size === size, "the seal is of other dispositions than stated");
      const flat = (one) => JSON.stringify([one.taken, one.taken_redacted, one.left_out, Object.entries(one.by_reason).sort()]);
      must(flat(body.counts) === flat(counts), "the sealed counts are not the stated ones");
      for (const name of ["subject", "purpose"]) must(body[name] === predicate[name], `seal and statement differ in ${name}`);
      return say("bound", { release: release.index, seal: seal.index });
    },

    async released(page) {
      const { predicate, release, data, name } = page.skill;
      must(hex(await sha256(data.release)) === predicate.release.sha256, "the release is not the one that is stated");
      const { index: enrolled, key_id: id } = predicate.subject_key;
      const entry = page.entries.find((e) => e.index === enrolled);
      must(entry !== undefined && entry.says.body.pid === predicate.subject, "the person's key is not shown where it is stated");
      const mine = page.people.get(`${predicate.subject} ${id}`);
      must(mine !== undefined && mine.index === enrolled, "the person's key is not shown where it is stated");
      must(release.by.size === 1, "another key signed the release too");
      await signedByEnrolled(release, mine, "the person's key did not sign the release");
      const { skill, extraction_id: run, expires } = release.says;
      must(skill === name && run === predicate.extraction_id && expires === predicate.expires, "the person released something else");
      return say("files", { n: release.says.files.length });
    },

    async consent(page) {
      const { predicate } = page.skill;
      for (const { index, record_sha256: digest } of predicate.consents) {
        const entry = page.entries.find((e) => e.index === index);
        must(entry !== undefined && entry.says.body.record_sha256 === digest, "a consent that is stated is not shown");
        must(index < predicate.seal.index, "a consent came after the seal");
        const record = envelope(entry.says.body.envelope, TYPES.consent).says;
        must(record.subject.pid === predicate.subject, "a consent is somebody else's");
        must(record.policy.sha256 === predicate.policy.sha256, "a consent agrees to another policy");
        must(record.choices.some((one) => one.purpose === predicate.purpose && one.decision === "given"), "a consent does not say yes to this purpose");
      }
      const yes = say("consent", { purpose: predicate.purpose, entries: predicate.consents.map((one) => one.index).join(", ") });
      const since = page.entries.filter(({ index, says: { type, body } }) => index > predicate.seal.index && (
        (ENDS.consent.includes(type) && body.pid === predicate.subject && (body.purposes ?? [predicate.purpose]).includes(predicate.purpose)) ||
        (ENDS.skill.includes(type) && body.extraction_id === predicate.extraction_id)));
      return since.length === 0 ? yes : say("since", { consent: yes, entries: since.map((e) => `${e.says.type} ${e.index}`).join(", ") });
    },

    async key(page) {
      const given = document.getElementById("key").value.trim();
      if (given === "") throw new Unchecked(say("enter_key"));
      must(given === page.vkey, "it is another key than this page was made with");
      return say("same");
    },
  };
  // What each check rests on: if that failed, the check is not asked, and counts as failed.
  const NEEDS = {
    checkpoint: ["form"], entries: ["form", "checkpoint"], statement: ["form", "checkpoint"], runs: ["entries"], keys: ["entries"],
    consents: ["entries", "keys"], figures: ["entries", "statement"], bound: ["entries", "statement"],
    released: ["statement", "keys"], consent: ["entries", "statement"], key: ["form"],
  };
  // What failed is said in English only: whoever looks into it reads this script beside it.
  const show = (name, verdict, found, lang) => {
    const row = document.querySelector(`[data-check=${name}]`);
    const cell = row.querySelector(".verdict");
    cell.textContent = SAID[verdict];
    cell.className = `verdict ${verdict}`;
    const beside = row.querySelector(".found");
    beside.textContent = found;
    beside.lang = lang;
  };

  const run = async () => {
    const page = { text: document.getElementById("evidence").textContent, head: null, skill: null };
    const verdicts = new Map();
    for (const name of Object.keys(CHECKS)) {
      if (document.querySelector(`[data-check=${name}]`) === null) continue;
      let [verdict, found, lang] = ["failed", "", document.documentElement.lang];
      const before = (NEEDS[name] ?? []).filter((one) => verdicts.get(one) === "failed");
      if (before.length > 0) {
        found = say("not_asked");
      } else {
        try {
          found = await CHECKS[name](page);
          verdict = "holds";
        } catch (error) {
          if (error instanceof Unchecked) {
            verdict = "unchecked";
            found = SAID.reasons[error.message] ?? error.message;
          } else {
            found = error instanceof Failed ? error.message : "the evidence is not in form";
            lang = "en";
          }
        }
      }
      verdicts.set(name, verdict);
      show(name, verdict, found, lang);
    }
    document.querySelectorAll("#entries [data-entry] .verdict").forEach((cell, i) => {
      const verdict = !page.proven ? "unchecked" : page.proven[i] ? "holds" : "failed";
      cell.textContent = SAID[verdict === "holds" ? "logged" : verdict];
      cell.className = `verdict ${verdict}`;
    });
    const count = (verdict) => [...verdicts.values()].filter((one) => one === verdict).length;
    const line = document.getElementById("verdict");
    const failed = count("failed");
    line.className = failed > 0 ? "failed" : count("unchecked") > 0 ? "unchecked" : "holds";
    line.textContent = say("sum", { holds: count("holds"), failed, unchecked: count("unchecked") });
    if (failed > 0) line.append(" ", SAID.warning);
  };

  let running = Promise.resolve();
  const start = () => { running = running.then(run); };
  document.getElementById("again").addEventListener("click", start);
  document.getElementById("key").addEventListener("change", start);
  start();
})();
