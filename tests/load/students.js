// Students at work, at a rate that rises in steps and does not wait for answers (open-loop arrivals): the step at which
// answers slow down or fail is the knee of the host. See README.md.

import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';

const BASE = __ENV.BASE || 'http://127.0.0.1:3000';
const RATES = (__ENV.RATES || '50,100,200,400,800').split(',').map(Number);
const STEP_SECONDS = Number(__ENV.STEP_SECONDS || 20);
const ACCOUNTS = Number(__ENV.ACCOUNTS || 30);
const PASSWORD = 'une phrase assez longue pour la charge';

// A student reads pages far more often than anything else happens.
const MIX = [
  [30, 'home', (student) => page(student, 'home')],
  [20, 'llm', (student) => page(student, 'llm')],
  [15, 'ocr', (student) => page(student, 'ocr')],
  [12, 'auth', () => http.get(`${BASE}/auth`, params('auth', ''))],
  [15, 'send', ask],
  [5, 'sign-in', signIn],
  [3, 'convert', convert],
];
const KINDS = MIX.map(([, kind]) => kind);

const answered = new Trend('answered', true);
const refused = new Counter('refused');
const failed = new Counter('failed');

const perStep = RATES.flatMap((rate) => [
  [`answered{rate:${rate}}`, []],
  [`refused{rate:${rate}}`, []],
  [`failed{rate:${rate}}`, []],
]);

export const options = {
  discardResponseBodies: true,
  setupTimeout: '5m',
  summaryTrendStats: ['count', 'med', 'p(95)', 'p(99)', 'max'],
  // A threshold without a condition makes k6 keep the figures of one step, or one kind, apart.
  thresholds: Object.fromEntries([...perStep, ...KINDS.map((kind) => [`answered{kind:${kind}}`, []])]),
  scenarios: {
    students: {
      executor: 'ramping-arrival-rate',
      startRate: RATES[0],
      preAllocatedVUs: 100,
      maxVUs: Number(__ENV.VUS || 2000),
      stages: RATES.flatMap((rate) => [
        { duration: '0s', target: rate },
        { duration: `${STEP_SECONDS}s`, target: rate },
      ]),
    },
  },
};

export function setup() {
  const run = Date.now().toString(36);
  const students = [];
  for (let number = 0; number < ACCOUNTS; number += 1) {
    const name = `charge-${run}-${number}`;
    const form = { username: name, password: PASSWORD, confirm: PASSWORD };
    const reply = http.post(`${BASE}/register`, form, params('register', ''));
    if (reply.status !== 303) {
      throw new Error(`/register answered ${reply.status}: is the application running, with its quotas raised (README.md)?`);
    }
    students.push({ name, cookie: reply.cookies.session[0].value });
  }
  return students;
}

export default function (students) {
  const student = students[Math.floor(Math.random() * students.length)];
  let left = Math.random() * MIX.reduce((sum, [weight]) => sum + weight, 0);
  const [, kind, act] = MIX.find(([weight]) => (left -= weight) < 0) || MIX[0];
  const reply = act(student);
  const tags = { rate: String(rateNow()), kind };
  if (reply.status === (kind === 'sign-in' ? 303 : 200)) {
    answered.add(reply.timings.duration, tags);
  } else if ((reply.status === 429 || reply.status === 503) && reply.headers['Retry-After']) {
    refused.add(1, tags);
  } else {
    failed.add(1, tags);
  }
}

// The rate of the step that the clock is in.
function rateNow() {
  const step = Math.floor((Date.now() - exec.scenario.startTime) / (STEP_SECONDS * 1000));
  return RATES[Math.min(step, RATES.length - 1)];
}

// Every request has the cookie of its student and no other, so a jar of its own: k6's keeps those of the one before.
function params(kind, cookie, headers = {}) {
  const cookies = cookie ? { cookie: `session=${cookie}` } : {};
  return { redirects: 0, jar: new http.CookieJar(), headers: { ...cookies, ...headers }, tags: { kind } };
}

function page(student, name) {
  return http.get(`${BASE}/${name}`, params(name, student.cookie));
}

function ask(student) {
  return http.post(`${BASE}/send`, { message: 'Comment trier une liste ?' }, params('send', student.cookie));
}

function signIn(student) {
  return http.post(`${BASE}/auth`, { username: student.name, password: PASSWORD }, params('sign-in', ''));
}

// The smallest PDF that counts as one page.
const PDF = [
  '%PDF-1.4',
  '1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj',
  '2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj',
  '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj',
  'trailer<</Root 1 0 R>>',
  '%%EOF',
  '',
].join('\n');

function convert(student) {
  const form = { file: http.file(PDF, 'exercice.pdf', 'application/pdf') };
  return http.post(`${BASE}/ocr`, form, params('convert', student.cookie, { accept: 'application/json' }));
}

export function handleSummary({ metrics }) {
  const value = (name, key) => metrics[name]?.values[key] ?? 0;
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const timed = (name) => ['med', 'p(95)', 'p(99)'].map((key) => value(name, key).toFixed(1));
  const steps = RATES.map((rate) => {
    const trend = `answered{rate:${rate}}`;
    const counts = ['refused', 'failed'].map((name) => value(`${name}{rate:${rate}}`, 'count'));
    return line([rate, (value(trend, 'count') / STEP_SECONDS).toFixed(0), ...timed(trend), ...counts]);
  });
  const kinds = KINDS.map((kind) => line([kind, value(`answered{kind:${kind}}`, 'count'), ...timed(`answered{kind:${kind}}`)]));
  return {
    stdout: [
      '',
      line(['arrivals a second', 'answered a second', 'median, ms', '95 %', '99 %', 'refused', 'failed']),
      line(Array(7).fill('---:')),
      ...steps,
      '',
      line(['request', 'answered', 'median, ms', '95 %', '99 %']),
      line(['---', ...Array(4).fill('---:')]),
      ...kinds,
      '',
      `Not begun for want of virtual users: ${value('dropped_iterations', 'count')}`,
      '',
    ].join('\n'),
  };
}
