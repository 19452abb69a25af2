import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package whose code is in the release. */
export interface Part {
  name: string;
  version: string;
  /** SPDX expression. */
  licence: string;
  licenceText: string;
  homepage: string | null;
}

const PACKAGE = /^(?:\.\.\/)*(node_modules\/\.pnpm\/[^/]+\/node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** The packages of the bundled files and of what stands beside them, by name. `folders`: packages by their folder. */
export function parts(root: string, inputs: string[], folders: string[]): Part[] {
  const bundled = inputs.flatMap((path) => {
    const folder = PACKAGE.exec(path)?.[1];
    return folder === undefined ? [] : [join(root, folder)];
  });
  const all = [...new Set([...bundled, ...folders])].map(partOf);
  return all.sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

function partOf(folder: string): Part {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  const { name, version, license, homepage } = manifest;
  if (typeof license !== 'string') throw new Error(`${folder}/package.json: no license; valid: an SPDX expression`);
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const licenceText = file === undefined ? license : readFileSync(join(folder, file), 'utf8').trim();
  return {
    name: String(name),
    version: String(version),
    licence: license,
    licenceText,
    homepage: typeof homepage === 'string' ? homepage : null,
  };
}

/** The licences of everything inside, one after another. */
export function licenceFile(own: string, all: Part[]): string {
  const blocks = all.map((part) => `${part.name} ${part.version} (${part.licence})\n\n${part.licenceText}`);
  return `${[`hybrid-soak (MIT)\n\n${own.trim()}`, ...blocks].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** Software bill of materials, CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). Without a time: builds repeat. */
export function billOfMaterials(version: string, all: Part[]): string {
  const purl = (name: string, at: string) => `pkg:npm/${name.replace('@', '%40')}@${at}`;
  const isExpression = (licence: string) => /[ ()]/.test(licence);
  return `${JSON.stringify(
    {
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: {
        component: {
          type: 'application',
          'bom-ref': 'hybrid-soak',
          name: 'hybrid-soak',
          version,
          licenses: [{ license: { id: 'MIT' } }],
        },
      },
      components: all.map((part) => ({
        type: 'library',
        'bom-ref': purl(part.name, part.version),
        name: part.name,
        version: part.version,
        purl: purl(part.name, part.version),
        licenses: [isExpression(part.licence) ? { expression: part.licence } : { license: { id: part.licence } }],
        ...(part.homepage === null ? {} : { externalReferences: [{ type: 'website', url: part.homepage }] }),
      })),
      dependencies: [
        { ref: 'hybrid-soak', dependsOn: all.map((part) => purl(part.name, part.version)) },
        ...all.map((part) => ({ ref: purl(part.name, part.version) })),
      ],
    },
    null,
    1,
  )}\n`;
}
