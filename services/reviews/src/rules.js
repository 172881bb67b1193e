// What reviews are, and what may happen to them. No HTTP, no SQL, no clock.
import { invalid, notFound, problem } from './shop/problem.js';

/** The states of a review. Only what is published is seen by everybody. */
export const states = ['pending', 'published', 'rejected'];

// Bounded, so that no text makes a search long.
const suspicious = [
  ['a link', /https?:|www\.|\b[\w-]{1,63}\.(com|net|org|shop|biz|info|ru|cn|de)\b/i],
  ['a mail address', /[\w.+-]{1,64}@[\w-]{1,63}\.\w/],
  ['a telephone number', /(\d[\s()/.-]*){9,}/],
  ['one character many times', /(.)\1{5,}/u],
];

/** What a member of staff shall look at before others read it; an empty list publishes at once. */
export function doubts({ title = '', text }) {
  const all = `${title}\n${text}`.normalize('NFKC'); // as it is read: also in letters of double width
  const found = suspicious.filter(([, pattern]) => pattern.test(all)).map(([what]) => what);
  const letters = all.replace(/[^\p{L}]/gu, '');
  const capitals = letters.replace(/[^\p{Lu}]/gu, '');
  if (letters.length >= 20 && capitals.length > letters.length * 0.7) found.push('capitals only');
  return found;
}

/** `rejected`: a moderator rejected the author on this product. Then one decides again, however plain the next text looks. */
export const stateOf = (review, rejected) => (!rejected && doubts(review).length === 0 ? 'published' : 'pending');

/** A review that says something, as it was sent. A title of blanks is none. */
export function checked({ sku, stars, author, title, text }) {
  const blank = (s) => s.trim() === '';
  const errors = Object.entries({ author, title, text }).flatMap(([name, value = '']) => {
    if (!value.isWellFormed()) return [{ pointer: `#/${name}`, detail: 'Half of a surrogate pair is no character.' }];
    return name !== 'title' && blank(value) ? [{ pointer: `#/${name}`, detail: 'There is nothing but blanks.' }] : [];
  });
  if (errors.length > 0) throw invalid(...errors);
  return { sku, stars, author, title: title && !blank(title) ? title : undefined, text };
}

/** Whether a review is listed and part of the average. */
export const counts = ({ state, current }) => state === 'published' && current;

/** How many of each number of stars, as count and average with one digit; halves are rounded up. */
export function summary(found) {
  const stars = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [n, found[n] ?? 0]));
  const count = Object.values(stars).reduce((sum, n) => sum + n, 0);
  if (count === 0) return { count, stars };
  const total = Object.entries(stars).reduce((sum, [n, times]) => sum + Number(n) * times, 0);
  // In whole numbers: 3.45 as a fraction of two would be rounded down.
  return { count, average: Math.floor((20 * total + count) / (2 * count)) / 10, stars };
}

export const mayModerate = (caller) => caller.kind === 'staff' && caller.scopes.includes('reviews:moderate');
const isAuthor = (review, caller) => caller.kind === 'customer' && caller.subject === review.authorId;

/** Throws 404 unless the caller may see the review: what is not published is its author's and the moderators'. */
export function mustSee(review, caller, id) {
  if (!review || !(review.state === 'published' || isAuthor(review, caller) || mayModerate(caller))) throw notFound('review', id);
}

/** Throws 404 unless it is the caller's own: that another one's exists is no secret when it is published, but who may change it is. */
export function mustOwn(review, caller, id) {
  if (!review || !isAuthor(review, caller)) throw notFound('review of yours', id);
}

/** Throws 403 unless the product arrived at the caller's: who never had it in hand cannot say what it is like. */
export function mustHave(received) {
  if (!received) throw problem('forbidden', 'Who bought the product can review it, once it has arrived.');
}

/** Throws 409, with the review that is there: a customer has one of a product. */
export function mustBeFirst(existing) {
  if (existing) throw problem('conflict', `You reviewed this product before: /api/reviews/${existing}. Change that review, or remove it first.`, { members: { review: existing } });
}

/** Throws 409 for the author: nobody votes for himself. */
export function mustBeAnothers(review, caller) {
  if (isAuthor(review, caller)) throw problem('conflict', 'You wrote this review: others say whether it helped them.');
}
