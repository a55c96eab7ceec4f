/** The certificates of a network: whose they are, and until when. */
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const DAY_MS = 86_400_000;

/**
 * Every certificate below a network's keys, the first to end first.
 *
 * @returns `{ path, subject, ends, days }`, path from the run folder on, days whole ones that are left
 */
export function certificatesOf(net, now = Date.now()) {
  const seen = new Set();
  return certificateFiles(net.folder)
    .flatMap((path) => {
      const certificate = new X509Certificate(readFileSync(path));
      if (seen.has(certificate.fingerprint256)) return [];
      seen.add(certificate.fingerprint256);
      const ends = new Date(certificate.validTo);
      return [
        {
          path: relative(net.folder, path),
          subject: certificate.subject.replaceAll('\n', ', '),
          ends,
          days: Math.floor((ends.getTime() - now) / DAY_MS),
        },
      ];
    })
    .sort((a, b) => a.ends - b.ends);
}

/** Each first where it is used: what an organisation trusts is copied to many places. */
function certificateFiles(folder) {
  const places = ['crypto', 'data'].flatMap((place) =>
    readdirSync(join(folder, place), { recursive: true })
      .map((name) => join(folder, place, name))
      .filter((name) => place === 'crypto' || name.includes('/clients/')),
  );
  const wanted = /\/(?:signcerts|ca|tlsca|tls|cacerts|tlscacerts)\/[^/]+\.(?:pem|crt)$/;
  const isList = /\/crl\.pem$/;
  const rank = (path) => (/\/(?:signcerts|tls)\//.test(path) ? 0 : 1);
  return places
    .filter((path) => wanted.test(path) && !isList.test(path))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
