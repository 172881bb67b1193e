import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checked, counts, doubts, mustBeAnothers, mustBeFirst, mustHave, mustOwn, mustSee, stateOf, summary } from '../src/rules.js';

const review = (more) => ({ sku: 'KIT-1001', stars: 5, author: 'Mika', title: 'Good', text: 'It does what it should.', ...more });

test('a plain review is published at once', () => {
  assert.equal(stateOf(review()), 'published');
  assert.equal(stateOf(review({ title: undefined, text: 'Größe passt, 24 cm, 3 Jahre in Gebrauch. OK!' })), 'published');
});

test('a review that may be advertisement waits for a moderator', () => {
  for (const [text, doubt] of [
    ['See https://example.org', 'a link'], ['Look at www.example.org now', 'a link'], ['cheaper at bestpans.shop', 'a link'],
    ['Write to me: mika@example.org', 'a mail address'], ['Call +49 (170) 123 45 67', 'a telephone number'],
    ['See ｗｗｗ．example．ｏｒｇ', 'a link'], ['sooooooo good', 'one character many times'], ['THE BEST PAN IN THE WHOLE WORLD', 'capitals only'],
  ]) {
    assert.ok(doubts({ text }).includes(doubt), `${text}: ${doubts({ text })}`);
    assert.equal(stateOf({ text }), 'pending');
  }
  assert.deepEqual(doubts({ title: 'example.com', text: 'fine' }), ['a link'], 'the title counts, too');
});

test('after a rejection a plain review waits for a moderator, too', () => {
  assert.equal(stateOf(review(), true), 'pending');
  assert.equal(stateOf(review(), false), 'published');
});

test('few capitals, years and sizes are no doubt', () => {
  for (const text of ['USB und LED', 'Since 2019, 2 of 3 broke. 24 x 30 x 12 cm', 'I.e. well made, e.g. the lid.']) assert.deepEqual(doubts({ text }), [], text);
});

test('no text makes a search long', () => {
  for (const piece of ['a', 'a-', '1', '(1', '.', 'a@', 'aA']) {
    const began = process.cpuUsage(); // not the clock: others work on this machine, too
    doubts({ text: piece.repeat(4000).slice(0, 4000) });
    const { user } = process.cpuUsage(began);
    assert.ok(user < 500_000, `${piece}: ${user} µs`);
  }
});

test('text is kept as it was sent, unless it says nothing or is no text', () => {
  const sent = review({ author: ' Ame\u0301lie ', title: '\u{1fad6}', text: ' a\n' });
  assert.deepEqual(checked(sent), sent);
  assert.equal(checked(review({ title: ' ' })).title, undefined);
  const refused = (more, pointers) => assert.throws(() => checked(review(more)), (p) => p.status === 422 && p.errors.map((e) => e.pointer).join() === pointers);
  refused({ text: ' \n ', author: ' ' }, '#/author,#/text');
  refused({ text: 'a\ud800', title: '\udc00' }, '#/title,#/text');
});

// C46: 5, 4, 4, 1 are 3.5; without the 1 they are 4.3; one 4 more that is a 5, 4.7; without reviews there is no average.
test('the average has one digit, and halves are rounded up', () => {
  assert.deepEqual(summary({}), { count: 0, stars: { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 } });
  for (const [counts, average] of [[{ 5: 1 }, 5], [{ 4: 1, 5: 1 }, 4.5], [{ 1: 1, 5: 2 }, 3.7], [{ 3: 11, 4: 9 }, 3.5], [{ 4: 3, 5: 1 }, 4.3], [{ 1: 1, 4: 2, 5: 1 }, 3.5], [{ 4: 2, 5: 1 }, 4.3], [{ 4: 1, 5: 2 }, 4.7], [{ 1: 1 }, 1]]) {
    assert.equal(summary(counts).average, average, JSON.stringify(counts));
  }
});

test('the average is between the least and the most stars, whatever the counts', () => {
  let seed = 1;
  const next = (n) => { seed = (seed * 48271) % 2147483647; return seed % n; };
  for (let round = 0; round < 2000; round++) {
    const counts = Object.fromEntries([1, 2, 3, 4, 5].filter(() => next(2)).map((n) => [n, next(1000) + 1]));
    const { average, count } = summary(counts);
    const present = Object.keys(counts).map(Number);
    if (present.length === 0) { assert.equal(average, undefined); continue; }
    const exact = present.reduce((sum, n) => sum + n * counts[n], 0) / count;
    assert.ok(average >= Math.min(...present) && average <= Math.max(...present) && Math.abs(average - exact) <= 0.05 + 1e-9, `${JSON.stringify(counts)}: ${average}`);
  }
});

const author = { kind: 'customer', subject: 'c1', scopes: [] };
const other = { kind: 'customer', subject: 'c2', scopes: [] };
const staff = { kind: 'staff', subject: 'c1', scopes: ['reviews:moderate'] };
const clerk = { kind: 'staff', subject: 'c1', scopes: ['catalog:write'] };
const nobody = { kind: 'anonymous', subject: '', scopes: [] };
const is = (status) => (p) => p.status === status;

test('what is not published is its author\'s and the moderators\'', () => {
  for (const state of ['pending', 'rejected']) {
    const one = { state, authorId: 'c1' };
    mustSee(one, author, 'x');
    mustSee(one, staff, 'x');
    for (const caller of [other, nobody, clerk, { ...nobody, subject: 'c1' }]) assert.throws(() => mustSee(one, caller, 'x'), is(404));
  }
  for (const caller of [author, other, nobody, clerk]) mustSee({ state: 'published', authorId: 'c1' }, caller, 'x');
  assert.throws(() => mustSee(undefined, staff, 'x'), is(404));
});

test('only the author changes a review, and only others vote', () => {
  const one = { state: 'published', authorId: 'c1' };
  mustOwn(one, author, 'x');
  for (const caller of [other, nobody, staff]) assert.throws(() => mustOwn(one, caller, 'x'), is(404));
  mustBeAnothers(one, other);
  assert.throws(() => mustBeAnothers(one, author), is(409));
});

test('C46: who received the product reviews it, once, and is told which review is there', () => {
  mustHave(true);
  assert.throws(() => mustHave(false), is(403));
  mustBeFirst(undefined);
  assert.throws(() => mustBeFirst('r1'), (p) => is(409)(p) && p.body('/api/reviews', 't').review === 'r1' && p.detail.includes('/api/reviews/r1'));
});

test('C46: a review counts while it is published and nothing took its place', () => {
  for (const state of ['pending', 'rejected', 'published', undefined]) {
    for (const current of [true, false]) assert.equal(counts({ state, current }), state === 'published' && current);
  }
});
