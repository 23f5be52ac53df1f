// Hang a study by OHIF's own HangingProtocolService, headless: only Cornerstone, which draws, is left out.
//
//   node match.cjs BASE_URL STUDY_INSTANCE_UID  < [{"SOPInstanceUID": ..., "SeriesInstanceUID": ...}, ...]
//
// prints {"protocol": id, "viewports": [SOPInstanceUID or null, ...]}.
const Module = require('module');
const path = require('path');
const { pathToFileURL } = require('url');

globalThis.self = globalThis.window = globalThis;
globalThis.document = { createElement: () => ({}), addEventListener() {}, body: { dispatchEvent() {} } };
globalThis.localStorage = { getItem: () => null, setItem() {} };
Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'node', language: 'en' }, configurable: true });
globalThis.location = { href: 'http://localhost/', search: '' };
console.log = console.warn = () => {}; // OHIF thinks aloud

const nothing = () =>
  new Proxy(function () {}, {
    get: (_, key) => (key === Symbol.toPrimitive ? () => '' : key === '__esModule' ? false : nothing()),
    apply: () => nothing(),
    construct: () => ({}),
  });
const load = Module._load;
Module._load = function (name, ...rest) {
  return name.startsWith('@cornerstonejs/') ? nothing() : load.call(this, name, ...rest);
};

async function main([base, studyInstanceUID], images) {
  const { HangingProtocolService } = require('@ohif/core');
  const ours = pathToFileURL(path.join(__dirname, '../../docs/ohif/radrouter-hanging.mjs'));
  const { askRadrouter, register, chestProtocol } = await import(ours);

  const displaySets = images.map((image, number) => ({
    displaySetInstanceUID: `set-${number}`,
    StudyInstanceUID: studyInstanceUID,
    SeriesInstanceUID: image.SeriesInstanceUID,
    SeriesNumber: number,
    Modality: 'DX',
    isReconstructable: false,
    images: [image],
  }));
  const services = {
    displaySetService: {
      getDisplaySetByUID: uid => displaySets.find(one => one.displaySetInstanceUID === uid),
      getActiveDisplaySets: () => displaySets,
      subscribe() {},
      EVENTS: {},
    },
    customizationService: { getCustomization: () => undefined },
    viewportGridService: { subscribe() {}, EVENTS: {} },
  };
  const service = new HangingProtocolService({ run() {} }, { services });
  const standard = { ...chestProtocol, id: 'default', protocolMatchingRules: [{ weight: 1, attribute: 'x', constraint: {} }] };
  service.addProtocol('default', { ...standard, displaySetSelectors: {}, stages: [{ ...chestProtocol.stages[0], viewports: [] }] });
  service.addProtocol(chestProtocol.id, chestProtocol);
  register(service);
  await askRadrouter(base, studyInstanceUID);
  await askRadrouter(base, studyInstanceUID);
  const study = { StudyInstanceUID: studyInstanceUID };
  service.run({ studies: [study], displaySets, activeStudy: study });
  const { protocol } = service.getActiveProtocol();
  const { viewportMatchDetails } = service.getMatchDetails();
  const viewports = [...viewportMatchDetails.values()].map(({ displaySetsInfo }) => {
    const set = displaySets.find(one => one.displaySetInstanceUID === displaySetsInfo?.[0]?.displaySetInstanceUID);
    return set ? set.images[0].SOPInstanceUID : null;
  });
  process.stdout.write(JSON.stringify({ protocol: protocol.id, viewports }));
}

let text = '';
process.stdin.on('data', part => (text += part));
process.stdin.on('end', () =>
  main(process.argv.slice(2), JSON.parse(text)).catch(error => {
    process.stderr.write(`${error.stack}\n`.slice(0, 4000));
    process.exit(1);
  })
);
