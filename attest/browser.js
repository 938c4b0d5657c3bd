"use strict";
// What pages check evidence with: hashes, proofs and signatures, with nothing but WebCrypto. Nothing is fetched.
const Evidence = (() => {
  // RFC 8032 section 7.1, test 1: a browser that cannot verify this, or would verify anything, does not judge here.
  const KNOWN_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
  const KNOWN_SIGNATURE =
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

  class Failed extends Error {}
  class Unchecked extends Error {}
  const must = (holds, otherwise) => { if (!holds) throw new Failed(otherwise); };

  const encoder = new TextEncoder();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const bytes = (text) => encoder.encode(text);
  const same = (a, b) => a.length === b.length && a.every((one, i) => one === b[i]);
  const hex = (data) => Array.from(data, (one) => one.toString(16).padStart(2, "0")).join("");
  const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  const join = (...parts) => {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) { whole.set(part, at); at += part.length; }
    return whole;
  };
  const unbase64 = (text) => {
    let raw;
    try { raw = atob(text); } catch { throw new Failed("a text is not base64"); }
    must(typeof text === "string" && btoa(raw) === text, "base64 is not in its one form");
    return Uint8Array.from(raw, (one) => one.charCodeAt(0));
  };
  const words = (data) => {
    try { return decoder.decode(data); } catch { throw new Failed("a text is not UTF-8"); }
  };
  const parsed = (text, what) => {
    try { return JSON.parse(text); } catch { throw new Failed(`${what} cannot be read`); }
  };
  const keysIn = (value) => {
    if (value === null || typeof value !== "object") return 0;
    return Object.values(value).reduce((sum, one) => sum + keysIn(one), Array.isArray(value) ? 0 : Object.keys(value).length);
  };
  // Of a key that stands twice a reader sees one, and another reader may see the other.
  const parsedOnce = (text, what) => {
    const value = parsed(text, what);
    const written = text.match(/"(?:[^"\\]|\\.)*"\s*:?/g) ?? [];
    must(written.filter((one) => one.endsWith(":")).length === keysIn(value), `${what} names a key twice`);
    return value;
  };
  // RFC 8785, narrowed as attest.canonical does: ASCII keys, whole numbers.
  const canonical = (value) => {
    if (value === null || typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
    if (typeof value === "number") {
      must(Number.isSafeInteger(value), "a number is not whole");
      return String(value);
    }
    if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
    const keys = Object.keys(value).sort();
    must(keys.every((key) => /^[\x00-\x7f]*$/.test(key)), "a key is not ASCII");
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
  };
  const canonicalParsed = (data, what) => {
    const text = words(data);
    const value = parsed(text, what);
    must(canonical(value) === text, `${what} is not written in its one form`);
    return value;
  };
  const fields = (value, names, what) => {
    must(value !== null && typeof value === "object" && !Array.isArray(value), `${what} is not in form`);
    must(Object.keys(value).sort().join() === [...names].sort().join(), `${what} has other fields`);
    return value;
  };

  const subtle = globalThis.crypto && globalThis.crypto.subtle;
  const sha256 = async (data) => {
    if (!subtle) throw new Unchecked("this browser offers no WebCrypto to this page");
    return new Uint8Array(await subtle.digest("SHA-256", data));
  };
  const ed25519 = async (key, signature, message) => {
    const imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return subtle.verify({ name: "Ed25519" }, imported, signature, message);
  };
  let able = null;
  const canVerify = async () => {
    if (able === null) {
      try {
        const [key, signature] = [unhex(KNOWN_KEY), unhex(KNOWN_SIGNATURE)];
        able = await ed25519(key, signature, new Uint8Array()) && !await ed25519(key, signature, new Uint8Array(1));
      } catch { able = false; }
    }
    return able;
  };
  const signed = async (key, signature, message, otherwise) => {
    if (!await canVerify()) throw new Unchecked("this browser cannot verify Ed25519");
    let holds = false;
    try { holds = await ed25519(key, signature, message); } catch { /* no key at all: it does not hold */ }
    must(holds, otherwise);
  };
  const keyId = async (key) => "ed25519:" + hex(await sha256(key)).slice(0, 32);

  // RFC 9162 section 2.1.1 and 2.1.3.2.
  const leafHash = (data) => sha256(join(Uint8Array.of(0), data));
  const nodeHash = (left, right) => sha256(join(Uint8Array.of(1), left, right));
  const rootOf = async (leaf, index, size, path) => {
    must(Number.isSafeInteger(index) && index >= 0 && index < size && path.length <= 63, "a place is not in the tree");
    let [at, last, root] = [index, size - 1, leaf];
    for (const sibling of path) {
      must(sibling.length === 32 && last > 0, "a path is not one of this tree");
      if (at % 2 === 1 || at === last) {
        root = await nodeHash(sibling, root);
        while (at !== 0 && at % 2 === 0) { at /= 2; last = Math.floor(last / 2); }
      } else {
        root = await nodeHash(root, sibling);
      }
      at = Math.floor(at / 2);
      last = Math.floor(last / 2);
    }
    must(last === 0, "a path is too short");
    return root;
  };

  // DSSE 1.0: what is signed is type and payload, each with its length before it.
  const envelope = (value, type) => {
    fields(value, ["payload", "payloadType", "signatures"], "an envelope");
    must(value.payloadType === type, "an envelope is of another type");
    must(Array.isArray(value.signatures) && value.signatures.length > 0, "an envelope has no signature");
    // What a passkey returned stands beside its signature; who may sign so is said by the id.
    const more = (one) => String(one?.keyid).startsWith("webauthn:") ? ["webauthn"] : [];
    value.signatures.forEach((one) => fields(one, ["keyid", "sig", ...more(one)], "a signature"));
    must(new Set(value.signatures.map((one) => one.keyid)).size === value.signatures.length, "a key signed an envelope twice");
    const payload = unbase64(value.payload);
    return {
      payload,
      signatures: value.signatures,
      says: parsed(words(payload), "what was signed"),
      message: join(bytes(`DSSEv1 ${bytes(type).length} ${type} ${payload.length} `), payload),
      by: new Map(value.signatures.map((one) => [one.keyid, one.sig])),
    };
  };
  const signedBy = async (opened, key, otherwise) => {
    const signature = opened.by.get(await keyId(key));
    must(signature !== undefined, otherwise);
    await signed(key, unbase64(signature), opened.message, otherwise);
  };

  // C2SP signed-note: a key as NAME+HASH+KEY, and a text with lines of signatures.
  const vkey = async (text) => {
    const [name, stated, ...rest] = text.split("+");
    const key = unbase64(rest.join("+"));
    must(key.length === 33 && key[0] === 1, "the log's key is not an Ed25519 key");
    must(hex((await sha256(join(bytes(name + "\n"), key))).slice(0, 4)) === stated, "the log's key is not in form");
    return { name, stated, key: key.slice(1) };
  };
  const note = (whole) => {
    const gap = whole.lastIndexOf("\n\n");
    const text = whole.slice(0, gap + 1);
    const lines = text.split("\n");
    must(gap > 0 && lines.length === 4 && whole.endsWith("\n"), "the checkpoint is not in form");
    must(/^(0|[1-9][0-9]{0,15})$/.test(lines[1]), "the checkpoint has no size");
    const signatures = whole.slice(gap + 2, -1).split("\n").map((line) => {
      const parts = line.match(/^— (\S+) (\S+)$/u);
      must(parts !== null, "the checkpoint is not in form");
      const raw = unbase64(parts[2]);
      must(raw.length > 4, "the checkpoint is not in form");
      return { name: parts[1], by: hex(raw.slice(0, 4)), signature: raw.slice(4) };
    });
    const head = { origin: lines[0], size: Number(lines[1]), root: unbase64(lines[2]), text, signatures };
    must(Number.isSafeInteger(head.size) && head.root.length === 32, "the checkpoint is not in form");
    return head;
  };
  const noteSigned = async (head, log) => {
    must(head.origin === log.name, "the checkpoint is of another log");
    const own = head.signatures.filter((one) => one.name === log.name && one.by === log.stated);
    must(own.length > 0, "the signature is by another key");
    for (const { signature } of own) {
      must(signature.length === 64, "the checkpoint is not in form");
      await signed(log.key, signature, bytes(head.text), "the signature is wrong");
    }
  };

  // C2SP tlog-proof: index, audit path and checkpoint of one entry.
  const tlogProof = (data) => {
    const text = words(data);
    const gap = text.indexOf("\n\n");
    const lines = text.slice(0, Math.max(gap, 0)).split("\n");
    must(gap > 0 && lines.shift() === "c2sp.org/tlog-proof@v1", "a proof does not begin with its header");
    if (lines[0]?.startsWith("extra ")) lines.shift();
    must(/^index (0|[1-9][0-9]{0,15})$/.test(lines[0] ?? ""), "a proof has no index");
    const index = Number(lines.shift().slice("index ".length));
    return { index, path: lines.map(unbase64), note: text.slice(gap + 2) };
  };
  const inLog = async (data, index, path, head) =>
    must(same(await rootOf(await leafHash(data), index, head.size, path), head.root), "the entry does not lead to the checkpoint's root");

  // Passkeys (WebAuthn, section 7.2): key, host and page are those of the enrolment, never those of the signature.
  const [PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED, EXTENDED] = [0x01, 0x04, 0x08, 0x10, 0x40, 0x80];
  const ALGORITHMS = new Map([
    [-7, { key: { name: "ECDSA", namedCurve: "P-256" }, how: { name: "ECDSA", hash: "SHA-256" } }],
    [-8, { key: { name: "Ed25519" }, how: { name: "Ed25519" } }],
    [-257, { key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, how: { name: "RSASSA-PKCS1-v1_5" } }],
  ]);
  const ables = new Map();
  // As for Ed25519: who would find any signature good, or none, does not judge here.
  const canVerifyBy = async (alg) => {
    if (alg === -8) return canVerify();
    if (!ables.has(alg)) {
      const { key, how } = ALGORITHMS.get(alg);
      let holds = false;
      try {
        const made = key.name === "ECDSA" ? key : { ...key, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };
        const pair = await subtle.generateKey(made, false, ["sign", "verify"]);
        const signature = await subtle.sign(how, pair.privateKey, Uint8Array.of(1));
        holds = await subtle.verify(how, pair.publicKey, signature, Uint8Array.of(1)) &&
          !await subtle.verify(how, pair.publicKey, signature, Uint8Array.of(2));
      } catch { /* it cannot */ }
      ables.set(alg, holds);
    }
    return ables.get(alg);
  };
  // WebCrypto wants r and s side by side, an authenticator writes them in DER.
  const sideBySide = (der) => {
    const number = (at) => {
      const length = der[at + 1];
      const value = der.slice(at + 2, at + 2 + length);
      const spare = value[0] === 0 ? 1 : 0;
      const good = der[at] === 2 && length > 0 && value.length === length && value[0] < 128 &&
        (spare === 0 || (length > 1 && value[1] >= 128)) && length - spare <= 32;
      must(good, "the signature is wrong");
      return [join(new Uint8Array(32 - length + spare), value.slice(spare)), at + 2 + length];
    };
    must(der[0] === 0x30 && der[1] === der.length - 2, "the signature is wrong");
    const [r, next] = number(2);
    const [s, end] = number(next);
    must(end === der.length, "the signature is wrong");
    return join(r, s);
  };
  const base64url = (data) =>
    btoa(String.fromCharCode(...data)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const passkeySigned = async ({ alg, spki, rpId, origin }, assertion, message) => {
    fields(assertion, ["keyid", "sig", "webauthn"], "a signature");
    fields(assertion.webauthn, ["authenticatorData", "clientDataJSON"], "a signature by passkey");
    const [data, client] = [unbase64(assertion.webauthn.authenticatorData), unbase64(assertion.webauthn.clientDataJSON)];
    must(client.length <= 4096, "client data are too long");
    const said = parsedOnce(words(client), "client data");
    must(said !== null && typeof said === "object" && !Array.isArray(said), "client data are not an object");
    must(said.type === "webauthn.get", "the passkey was asked for something else than a signature");
    must(said.challenge === base64url(await sha256(message)), "the passkey signed something else than this record");
    must(said.origin === origin, "the passkey signed at another page than the one it was enrolled at");
    must((said.crossOrigin ?? false) === false && !("topOrigin" in said), "the passkey signed inside a page of somebody else");
    must(data.length >= 37 && data.length <= 2048, "authenticator data are cut off, or too long");
    must(same(data.slice(0, 32), await sha256(bytes(rpId))), "the passkey signed for another host than the one it was enrolled for");
    const has = (flag) => (data[32] & flag) !== 0;
    must(has(PRESENT), "the passkey signed while nobody was there");
    must(has(VERIFIED), "the passkey signed without verifying its owner");
    must((has(ELIGIBLE) || !has(BACKED_UP)) && !has(ATTESTED), "authenticator data contradict themselves");
    // Extensions are a map (CBOR, major type 5); what they say is not looked at.
    must(has(EXTENDED) ? data[37] >> 5 === 5 : data.length === 37, "bytes follow authenticator data");
    const kind = ALGORITHMS.get(alg);
    must(kind !== undefined, "the passkey is of a kind that is not known");
    if (!await canVerifyBy(alg)) throw new Unchecked("this browser cannot verify this kind of signature");
    const given = unbase64(assertion.sig);
    const signature = alg === -7 ? sideBySide(given) : given;
    let holds = false;
    try {
      const key = await subtle.importKey("spki", spki, kind.key, false, ["verify"]);
      const size = key.algorithm.modulusLength ?? 2048;
      holds = size >= 2048 && size <= 4096 &&
        await subtle.verify(kind.how, key, signature, join(data, await sha256(client)));
    } catch { /* no key of this kind: it does not hold */ }
    must(holds, "the signature is wrong");
  };

  // The key that an entry enrols: of a key file, or of a passkey with the page that it is pinned to.
  const enrolment = ({ type, body }) => {
    must(["key.enrolled", "key.rotated", "passkey.enrolled"].includes(type), "the entry enrols no key");
    if (type !== "passkey.enrolled") return { id: body.key_id, key: unbase64(body.public_key) };
    const opened = envelope(body.envelope, "application/vnd.govern.passkey+json");
    const { says } = opened;
    must(says.pid === body.pid && says.key_id === body.key_id, "a key signed something else");
    const host = new URL(says.origin).hostname;
    must(host === says.rp_id || host.endsWith(`.${says.rp_id}`), "the page is not one of its host");
    const passkey = { alg: says.alg, spki: unbase64(says.public_key), rpId: says.rp_id, origin: says.origin };
    return { id: body.key_id, passkey, opened };
  };
  const hasItsId = async ({ id, key, passkey }) => {
    const own = passkey ? "webauthn:" + hex(await sha256(passkey.spki)).slice(0, 32) : await keyId(key);
    must((passkey || key.length === 32) && own === id, "the id of a key is not that of the key");
  };
  const signedByEnrolled = async (opened, { id, key, passkey }, otherwise) => {
    const own = opened.signatures.find((one) => one.keyid === id);
    must(own !== undefined, otherwise);
    if (passkey) await passkeySigned(passkey, own, opened.message);
    else await signed(key, unbase64(own.sig), opened.message, otherwise);
  };

  return {
    Failed, Unchecked, must, same, hex, unbase64, words, parsed, parsedOnce, fields, canonical, canonicalParsed, sha256,
    leafHash, rootOf, envelope, signedBy, enrolment, hasItsId, signedByEnrolled, vkey, note, noteSigned, tlogProof, inLog,
  };
})();
