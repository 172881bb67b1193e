package envtest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

var _ = Describe("a commit of a real Git server", func() {
	for name, restarts := range map[string]bool{"by one operator": false, "by an operator that is started anew before each look": true} {
		Context(name, func() {
			var f *factory
			BeforeEach(func(ctx SpecContext) { f = newFactory(ctx, restarts) })

			It("is built by one Job, and its digest is released; what fails changes nothing, and a revert is the release of before", func(ctx SpecContext) {
				first := f.repo.Commit(map[string]string{"Dockerfile": "FROM scratch\n", "greeting": "hello"})
				st := f.settles(ctx)
				Expect(st.Commit).To(Equal(first))
				Expect(st.Building).To(HaveValue(And(HaveField("Commit", first), HaveField("Attempt", BeEquivalentTo(1)))))
				job := f.jobs(ctx)[0]
				Expect(job.Name).To(Equal(st.Building.Job))
				Expect(job.Annotations).To(HaveKeyWithValue(source.AnnotationCommit, first))
				Expect(f.jobs(ctx)).To(HaveLen(1))
				f.buildEnds(ctx, "1", "", "")
				st = f.settles(ctx)
				Expect(st.Latest).To(HaveValue(And(HaveField("Commit", first), HaveField("Image", imageOf("1")))))
				Expect(condition(st.Conditions, v1alpha1.ConditionReady)).To(And(HaveField("Reason", "UpToDate"), HaveField("Status", metav1.ConditionTrue)))
				release, image := f.released(ctx)
				Expect(image).To(Equal(imageOf("1")))

				wrong := f.repo.Commit(map[string]string{"greeting": "good night"})
				f.settles(ctx)
				f.buildEnds(ctx, "", source.StepTest, "------\n > [test 2/2] RUN go test ./...:\n1.2 --- FAIL: TestGreets\n------\nerror: failed to solve: process \"x\" did not complete successfully: exit code: 1")
				st = f.settles(ctx)
				Expect(st.Failed).To(HaveValue(And(HaveField("Commit", wrong), HaveField("Reason", v1alpha1.ReasonTestsFailed), HaveField("Output", ContainSubstring("FAIL: TestGreets")))))
				Expect(st.Latest.Image).To(Equal(imageOf("1")))
				still, image := f.released(ctx)
				Expect([]string{still, image}).To(Equal([]string{release, imageOf("1")}))

				f.repo.Commit(map[string]string{"greeting": "hello, all"})
				f.settles(ctx)
				f.buildEnds(ctx, "2", "", "")
				f.settles(ctx)
				second, image := f.released(ctx)
				Expect(second).NotTo(Equal(release))
				Expect(image).To(Equal(imageOf("2")))

				f.repo.Git("revert", "--no-edit", "HEAD")
				f.repo.Push()
				f.settles(ctx)
				f.buildEnds(ctx, "1", "", "")
				f.settles(ctx)
				back, image := f.released(ctx)
				Expect([]string{back, image}).To(Equal([]string{release, imageOf("1")}), "the same content is the same release")
				Expect(f.jobs(ctx)).To(HaveLen(4), "one for each commit")
			})

			It("is skipped where a newer one comes while an older is built", func(ctx SpecContext) {
				first := f.repo.Commit(map[string]string{"greeting": "1"})
				f.settles(ctx)
				f.repo.Commit(map[string]string{"greeting": "2"})
				f.settles(ctx)
				newest := f.repo.Commit(map[string]string{"greeting": "3"})
				st := f.settles(ctx)
				Expect(st.Building.Commit).To(Equal(first), "what runs is left to end")
				Expect(st.Commit).To(Equal(newest))
				f.buildEnds(ctx, "1", "", "")
				Expect(f.settles(ctx).Building).To(HaveValue(HaveField("Commit", newest)))
				f.buildEnds(ctx, "3", "", "")
				Expect(f.settles(ctx).Latest.Commit).To(Equal(newest))
				Expect(f.jobs(ctx)).To(HaveLen(2))
				_, image := f.released(ctx)
				Expect(image).To(Equal(imageOf("3")))
			})

			It("is tried again when the engine is lost or could not reach Git, and no more often than it may", func(ctx SpecContext) {
				f.repo.Commit(map[string]string{"greeting": "1"})
				f.settles(ctx)
				f.buildEnds(ctx, "", source.StepBuild, "error: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF")
				Expect(f.settles(ctx).Building).To(HaveValue(HaveField("Attempt", BeEquivalentTo(2))))
				f.buildEnds(ctx, "", source.StepBuild, "error: failed to solve: failed to read dockerfile: failed to load cache key: failed to fetch remote "+f.repo.URL+": git stderr:\nfatal: unable to access: Could not resolve host: git.example\n: exit status 128")
				f.look(ctx)
				st := get(ctx, f.story, "cart", &v1alpha1.ShopSource{}).Status
				Expect(condition(st.Conditions, v1alpha1.ConditionReady).Reason).To(Equal("GitUnreachable"))
				Expect(st.Building).To(BeNil(), "it waits before it tries again")
				now = st.Failed.At.Add(time.Minute)
				Expect(f.settles(ctx).Building).To(HaveValue(HaveField("Attempt", BeEquivalentTo(3))))
				f.buildEnds(ctx, "1", "", "")
				Expect(f.settles(ctx).Latest.Image).To(Equal(imageOf("1")))
				Expect(f.jobs(ctx)).To(HaveLen(3))
			})

			It("is of no use any more when its source is deleted in mid-build: what serves stays, and nothing is written", func(ctx SpecContext) {
				f.repo.Commit(map[string]string{"greeting": "1"})
				f.settles(ctx)
				f.buildEnds(ctx, "1", "", "")
				f.settles(ctx)
				release, _ := f.released(ctx)
				f.repo.Commit(map[string]string{"greeting": "2"})
				f.settles(ctx)
				cart := get(ctx, f.story, "cart", &v1alpha1.ShopSource{})
				for _, job := range f.jobs(ctx) {
					Expect(metav1.IsControlledBy(&job, cart)).To(BeTrue(), "Kubernetes deletes it with the source")
				}
				f.buildEnds(ctx, "2", "", "")
				Expect(api.Delete(ctx, cart)).To(Succeed())
				before := writes()
				f.look(ctx)
				Expect(writes()).To(Equal(before))
				f.rest(ctx)
				Expect(f.releases(ctx)).To(ConsistOf(release), "the image of the source that is gone is in no release")
				reason, message := f.says(ctx)
				Expect(reason).To(Equal("InvalidServices"))
				Expect(message).To(ContainSubstring("cart"))
			})
		})
	}
})
