// The operations of openapi.json, by their id: from what was asked to what the rules and the store say, and back.
import { mustMatch, shapeOf, tagOf } from './shop/etag.js';
import { after, pageOf } from './shop/page.js';
import { once } from './shop/idempotency.js';
import { invalid, notFound } from './shop/problem.js';
import { checked, mayModerate, mustBeAnothers, mustHave, mustOwn, mustSee, stateOf, summary } from './rules.js';

/** What others may know of a review. */
export const shown = ({ id, sku, author, stars, title, text, state, helpful, unhelpful, createdAt, changedAt }) => ({
  id, sku, author, stars, title: title ?? undefined, text, state, helpful, unhelpful, createdAt: createdAt.toISOString(), changedAt: changedAt.toISOString(),
});

/** `from`: whose reviews are taken, 'buyers' or 'anyone'. */
export function handlers({ store, catalog, document, from }) {
  const shape = shapeOf(document.components.schemas.Review);
  const headers = (review) => ({ ETag: tagOf(review.version, shape), 'Cache-Control': 'private, no-cache' });
  const one = (review, status = 200) => ({ status, headers: headers(review), body: shown(review) });
  const created = (review) => ({ status: 201, headers: { ...headers(review), Location: `/api/reviews/${review.id}` }, body: shown(review) });
  const list = (rows, query, filter) => {
    const { items, next } = pageOf(rows, query.limit, (row) => row.place, filter);
    return { items: items.map(shown), next };
  };

  return {
    async listReviews({ query }) {
      const filter = ['published', query.sku ?? ''];
      const [rows, counts] = await Promise.all([
        store.published(query.sku, after(query.cursor, filter), query.limit), query.sku === undefined ? undefined : store.counts(query.sku),
      ]);
      return { status: 200, headers: { 'Cache-Control': 'public, max-age=5' }, body: { ...list(rows, query, filter), summary: counts && summary(counts) } };
    },

    async listPendingReviews({ query }) {
      const filter = ['pending'];
      return { status: 200, headers: { 'Cache-Control': 'no-store' }, body: list(await store.pending(after(query.cursor, filter), query.limit), query, filter) };
    },

    async getReview({ values: { id }, caller }) {
      const review = await store.review(id);
      mustSee(review, caller, id);
      return one(review);
    },

    // The catalog is asked before the transaction: no lock waits for another service.
    createReview({ body, caller, idempotency }) {
      const wanted = checked(body);
      return once(store.pool, 'reviews', idempotency, {
        async prepare() {
          if (from === 'buyers') mustHave(await store.received(wanted.sku, caller.subject));
          const product = await catalog.get(`/api/catalog/products/${encodeURIComponent(wanted.sku)}`);
          if (!product) throw invalid({ pointer: '#/sku', detail: 'The catalog has no such product.' });
        },
        effect: async (client) => created(await store.add(client, wanted, caller.subject, (rejected) => stateOf(wanted, rejected))),
      });
    },

    async changeReview({ values: { id }, body, caller, ifMatch }) {
      const before = await store.review(id);
      mustOwn(before, caller, id);
      mustMatch(ifMatch, before.version);
      const wanted = checked({ ...body, sku: before.sku });
      const state = stateOf(wanted, await store.rejected(before.sku, caller.subject));
      return one(await store.change(before, { ...wanted, state }));
    },

    async removeReview({ values: { id }, caller, ifMatch }) {
      const before = await store.review(id);
      if (!mayModerate(caller)) mustOwn(before, caller, id);
      if (!before) throw notFound('review', id);
      mustMatch(ifMatch, before.version);
      await store.remove(before);
      return { status: 204, headers: {}, body: undefined };
    },

    async moderateReview({ values: { id }, body, ifMatch }) {
      const before = await store.review(id);
      if (!before) throw notFound('review', id);
      mustMatch(ifMatch, before.version);
      return one(await store.moderate(before, body.state));
    },

    vote({ values: { id }, body, caller, idempotency }) {
      return once(store.pool, 'reviews', idempotency, {
        async prepare() {
          const review = await store.review(id);
          mustSee(review, caller, id);
          mustBeAnothers(review, caller);
        },
        async effect(client) {
          const review = await store.vote(client, id, caller.subject, body.helpful);
          if (!review) throw notFound('review', id); // removed meanwhile
          return created(review);
        },
      });
    },
  };
}
