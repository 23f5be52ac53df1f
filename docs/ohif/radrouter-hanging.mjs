// OHIF hangs films by what radrouter says they are. Not a medical device.
//
// OHIF asks custom attributes while it matches, and does not wait for them. So a study's answers are fetched
// first (askRadrouter), then OHIF matches.

const films = new Map(); // SOP Instance UID -> film, as /api/v1/hanging answers
const studies = new Map(); // Study Instance UID -> {etag, answer}

/** Fetch what a study's films are. Cheap to repeat: an unchanged study is answered 304. */
export async function askRadrouter(base, studyInstanceUID, token) {
  const known = studies.get(studyInstanceUID);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (known) headers['If-None-Match'] = known.etag;
  const response = await fetch(`${base}/api/v1/hanging/studies/${studyInstanceUID}`, { headers });
  if (response.status === 304) return known.answer;
  if (response.status === 404) return undefined; // never sent there
  if (!response.ok) throw new Error(`radrouter answered ${response.status}`);
  const answer = await response.json();
  studies.set(studyInstanceUID, { etag: response.headers.get('ETag'), answer });
  for (const film of answer.films) films.set(film.sop_instance_uid, film);
  return answer;
}

/** The film of a display set: OHIF makes one of each CR or DX image. */
export function filmOf(displaySet) {
  const image = displaySet?.images?.[0] ?? displaySet?.instances?.[0] ?? displaySet;
  return films.get(image?.SOPInstanceUID);
}

/** Make radrouter's words known to OHIF's matching rules. */
export function register(hangingProtocolService) {
  const add = (id, name, read) => hangingProtocolService.addCustomAttribute(id, name, read);
  add('radrouterView', 'View (radrouter)', displaySet => filmOf(displaySet)?.view);
  add('radrouterRegion', 'Region (radrouter)', displaySet => filmOf(displaySet)?.region);
  add('radrouterProjection', 'Projection (radrouter)', displaySet => filmOf(displaySet)?.projection);
  add('radrouterSide', 'Side (radrouter)', displaySet => filmOf(displaySet)?.image_laterality);
  add('radrouterViews', 'Views of the study (radrouter)', study =>
    (studies.get(study?.StudyInstanceUID ?? study?.studyInstanceUID)?.answer.films ?? [])
      .map(film => film.view)
      .filter(Boolean)
  );
}

const selector = (id, view) => ({
  [id]: {
    seriesMatchingRules: [
      { attribute: 'radrouterView', constraint: { equals: { value: view } }, required: true },
    ],
  },
});

const viewport = id => ({
  viewportOptions: { viewportType: 'stack', toolGroupId: 'default', allowUnmatchedView: true },
  displaySets: [{ id }],
});

/** Chest: the frontal film on the left, the lateral on the right, whatever their headers and order. */
export const chestProtocol = {
  id: 'radrouter-chest',
  name: 'Chest, frontal and lateral (radrouter)',
  protocolMatchingRules: [
    {
      weight: 100,
      attribute: 'radrouterViews',
      constraint: { contains: 'chest_pa_ap' },
      required: true,
    },
  ],
  toolGroupIds: ['default'],
  displaySetSelectors: {
    ...selector('frontal', 'chest_pa_ap'),
    ...selector('lateral', 'chest_lateral'),
  },
  stages: [
    {
      name: 'frontal | lateral',
      viewportStructure: { layoutType: 'grid', properties: { rows: 1, columns: 2 } },
      viewports: [viewport('frontal'), viewport('lateral')],
    },
  ],
};
