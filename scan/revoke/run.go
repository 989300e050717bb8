package revoke

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"net/url"
	"sync"
	"time"

	"certaudit/scan"
)

// Options configures Run. Timeout and Now are required.
type Options struct {
	Fetch   bool             // ask the URLs that certificates name
	Lists   *Lists           // a folder of lists; nil means none
	Offline bool             // with Fetch: record that URLs were not asked
	Private bool             // follow URLs to loopback and other internal addresses
	Proxy   *url.URL         // for what is fetched; nil means none, whatever the environment says
	Roots   [][]byte         // issuers beside those of the evidence
	Timeout time.Duration    // of one response; a list may take six times as long
	Now     func() time.Time // clock of the records

	// Pace makes a dialler wait before each connection; nil for none.
	Pace func(dialFunc) dialFunc
}

// A Summary counts certificates.
type Summary struct {
	Asked      int // about which something was asked
	Unanswered int // of these, those about which nothing was learnt that counts
}

// workers is how many requests are under way at once.
const workers = 4

// maxSources bounds the URLs that are followed for one certificate.
const maxSources = 16

// Run asks about each certificate of the evidence that is not self-issued and
// emits what it learns in the order of the evidence: one record for each source
// of a certificate, OCSP before lists, URLs before the folder. An error is one
// of reading the evidence, or emit's. When ctx ends, what was not yet asked is
// recorded as interrupted.
func Run(ctx context.Context, evidence io.ReaderAt, size int64, opt Options, emit func(scan.Record) error) (Summary, error) {
	r := &run{opt: opt, in: io.NewSectionReader(evidence, 0, size), issuers: newIssuers(evidence),
		sources: map[source]int{}, lists: map[nameID][]int{}, failures: map[failure]*scan.Revocation{}}
	if err := r.findIssuers(); err != nil {
		return Summary{}, err
	}
	if err := r.plan(ctx); err != nil {
		return Summary{}, err
	}
	if err := r.ask(ctx); err != nil {
		return Summary{}, err
	}
	return r.write(emit)
}

// A run keeps a few hundred bytes of each certificate that is asked about, and
// no encoding of any.
type run struct {
	opt       Options
	in        *io.SectionReader
	issuers   *issuers
	subjects  []subject
	questions []question // in the order of the records
	sources   map[source]int
	bySource  []source
	lists     map[nameID][]int // sources of the folder, by issuer

	mu       sync.Mutex
	failures map[failure]*scan.Revocation // each once, however many share it
}

// A failure is why nothing was obtained, and when, in seconds.
type failure struct {
	code string
	at   int64
}

// A subject is a certificate that is asked about.
type subject struct {
	sum    [32]byte
	at     int64 // of its record
	issuer int
	isCA   bool
	serial string // see serialKey
}

// A source is where something is asked.
type source struct {
	method string
	place  string // URL, or path
	file   int    // from 1, of a list of the folder; 0 for a URL
}

// A question is one subject at one source.
type question struct {
	subject, source uint32
	said            *scan.Revocation // without what subject and source tell; shared where it is the same
}

// certificates visits those of the evidence until visit is false.
func (r *run) certificates(visit func(*scan.Certificate, int64) (bool, error)) error {
	if _, err := r.in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	in := scan.NewReader(r.in)
	in.Trusted, in.Partial = true, true
	in.Want = func(k scan.Kind) bool { return k == scan.KindCertificate }
	for {
		rec, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if more, err := visit(rec.(*scan.Certificate), in.Offset()); err != nil || !more {
			return err
		}
	}
}

func (r *run) findIssuers() error {
	err := r.certificates(func(c *scan.Certificate, at int64) (bool, error) {
		r.issuers.add(c, at)
		return true, nil
	})
	for _, der := range r.opt.Roots {
		r.issuers.add(scan.Derive(der), none)
	}
	return err
}

// plan lists what is to be asked. It stops when ctx ends: an interrupted scan
// says so, and about the rest nothing is known.
func (r *run) plan(ctx context.Context) error {
	if r.opt.Lists != nil {
		for i, f := range r.opt.Lists.files {
			n := r.source(source{methodCRL, f.path, i + 1})
			r.lists[f.issuer] = append(r.lists[f.issuer], n)
		}
	}
	return r.certificates(func(c *scan.Certificate, at int64) (bool, error) {
		if !c.Parsed || c.SelfIssued {
			return true, nil
		}
		return ctx.Err() == nil, r.planOne(c, at)
	})
}

func (r *run) planOne(c *scan.Certificate, at int64) error {
	var sources []source
	if r.opt.Fetch {
		for _, u := range c.OCSPURLs {
			sources = append(sources, source{methodOCSP, u, 0})
		}
		for _, u := range c.CRLURLs {
			sources = append(sources, source{methodCRL, u, 0})
		}
	}
	given := r.lists[nameIDOf(c.Issuer)]
	if len(sources)+len(given) == 0 {
		return nil
	}
	issuer, err := r.issuers.of(c)
	if err != nil {
		return err
	}
	o, _ := scan.OutlineOf(c.DER)
	r.subjects = append(r.subjects, subject{c.Sum(), at, issuer, c.IsCA, serialKey(o.Serial)})
	n := uint32(len(r.subjects) - 1)
	for i, s := range sources {
		q := question{subject: n, source: uint32(r.source(s))}
		switch {
		case i >= maxSources:
			q.said = r.failed(codeTooMany)
		case issuer == none:
			q.said = r.failed(codeNoIssuer)
		case r.opt.Offline:
			q.said = r.failed(codeOffline)
		}
		r.questions = append(r.questions, q)
		if i >= maxSources {
			break
		}
	}
	for _, s := range given {
		if issuer != none {
			r.questions = append(r.questions, question{subject: n, source: uint32(s)})
		}
	}
	return nil
}

// source gives the number of a source, which is the same for each mention.
func (r *run) source(s source) int {
	s.place = clip(s.place)
	n, known := r.sources[s]
	if !known {
		n = len(r.bySource)
		r.sources[s] = n
		r.bySource = append(r.bySource, s)
	}
	return n
}

// clip bounds a URL that is recorded. One that is longer is not followed.
func clip(s string) string {
	if len(s) <= maxURL {
		return s
	}
	sum := digest([]byte(s))
	return s[:maxURL-len(sum)] + " " + sum // the space keeps it from being followed
}

func (r *run) now() time.Time { return r.opt.Now().UTC().Truncate(time.Second) }

func (r *run) failed(code string) *scan.Revocation {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.now()
	f := failure{code, at.Unix()}
	if r.failures[f] == nil {
		r.failures[f] = &scan.Revocation{Error: code, ObservedAt: at}
	}
	return r.failures[f]
}

// ask answers the questions: responses as many at once as there are workers,
// lists one after the other, because a list may be large.
func (r *run) ask(ctx context.Context) error {
	fetch := newFetcher(r.opt.Timeout, r.opt.Private, r.opt.Proxy).paced(r.opt.Pace)
	byList := map[uint32][]int{}
	var order []uint32 // of lists, by first mention
	var responses []int
	for i, q := range r.questions {
		switch {
		case q.said != nil:
		case r.bySource[q.source].method == methodOCSP:
			responses = append(responses, i)
		default:
			if byList[q.source] == nil {
				order = append(order, q.source)
			}
			byList[q.source] = append(byList[q.source], i)
		}
	}
	jobs := make(chan int)
	errs := make([]error, workers+1)
	var done sync.WaitGroup
	for w := range workers {
		done.Go(func() {
			for i := range jobs {
				err := r.guard([]int{i}, func() error { return r.askResponder(ctx, fetch, &r.questions[i]) })
				errs[w] = errors.Join(errs[w], err)
			}
		})
	}
	done.Go(func() {
		for _, s := range order {
			err := r.guard(byList[s], func() error { return r.askList(ctx, fetch, r.bySource[s], byList[s]) })
			errs[workers] = errors.Join(errs[workers], err)
		}
	})
	for _, i := range responses {
		jobs <- i
	}
	close(jobs)
	done.Wait()
	return errors.Join(errs...)
}

// guard lets a defect of ours cost the questions that it met, and no others.
func (r *run) guard(questions []int, work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			for _, i := range questions {
				r.questions[i].said = r.failed(codePanic)
			}
		}
	}()
	return work()
}

func (r *run) askResponder(ctx context.Context, fetch *fetcher, q *question) error {
	s := &r.subjects[q.subject]
	issuer, err := r.issuers.read(s.issuer)
	if err != nil {
		return err
	}
	certificate, err := r.issuers.certificateAt(s.at)
	if err != nil {
		return err
	}
	req, ok := request(certificate, issuer)
	if !ok {
		q.said = r.failed(codeMalformed)
		return nil
	}
	body, code := fetch.ask(ctx, r.bySource[q.source].place, req)
	if code != "" {
		q.said = r.failed(code)
		return nil
	}
	said := ReadOCSP(body, certificate, issuer)
	said.ObservedAt = r.now()
	q.said = &said
	return nil
}

// askList gets one list and answers every question to it.
func (r *run) askList(ctx context.Context, fetch *fetcher, s source, questions []int) error {
	der, code := r.list(ctx, fetch, s)
	if code != "" {
		said := r.failed(code)
		for _, i := range questions {
			r.questions[i].said = said
		}
		return nil
	}
	at := r.now()
	l := parseList(der)
	byIssuer := map[int][]int{}
	for _, i := range questions {
		n := r.subjects[r.questions[i].subject].issuer
		byIssuer[n] = append(byIssuer[n], i)
	}
	same := map[scan.Revocation]*scan.Revocation{}
	for n, part := range byIssuer {
		issuer, err := r.issuers.read(n)
		if err != nil {
			return err
		}
		if err := r.lookUp(l, issuer, part, at, same); err != nil {
			return err
		}
	}
	return nil
}

// lookUpAtOnce is how many certificates are looked for in one going over a list.
const lookUpAtOnce = 1 << 16

// lookUp answers the questions about certificates of one issuer.
func (r *run) lookUp(l *list, issuer []byte, questions []int, at time.Time, same map[scan.Revocation]*scan.Revocation) (failed error) {
	for len(questions) > 0 {
		part := questions[:min(len(questions), lookUpAtOnce)]
		questions = questions[len(part):]
		all := make([]*wanted, len(part))
		for k, i := range part {
			s := &r.subjects[r.questions[i].subject]
			all[k] = &wanted{serial: s.serial, isCA: s.isCA, der: func() []byte {
				der, err := r.issuers.certificateAt(s.at)
				failed = errors.Join(failed, err)
				return der
			}}
		}
		l.answer(issuer, all)
		for k, i := range part {
			said := all[k].said
			said.ObservedAt = at
			if same[said] == nil {
				same[said] = &said
			}
			r.questions[i].said = same[said]
		}
	}
	return failed
}

// list gets a list from its URL or the folder.
func (r *run) list(ctx context.Context, fetch *fetcher, s source) ([]byte, string) {
	if s.file > 0 {
		if ctx.Err() != nil {
			return nil, codeInterrupted
		}
		return r.opt.Lists.files[s.file-1].read()
	}
	body, code := fetch.list(ctx, s.place)
	if code != "" {
		return nil, code
	}
	ders, err := splitLists(body)
	if err != nil {
		return nil, codeMalformed
	}
	return ders[0], ""
}

// write emits the records. A list of the folder that does not cover a
// certificate has nothing to say of it.
func (r *run) write(emit func(scan.Record) error) (sum Summary, err error) {
	last, answered := uint32(math.MaxUint32), true
	for _, q := range r.questions {
		if q.subject != last {
			sum.count(answered)
			sum.Asked++
			last, answered = q.subject, false
		}
		from, about := r.bySource[q.source], &r.subjects[q.subject]
		if from.file > 0 && q.said.Error == codeOutOfScope {
			continue
		}
		answered = answered || q.said.Verified == scan.Yes && q.said.Status != statusUnknown
		rec := *q.said
		rec.Certificate, rec.Issuer = hex.EncodeToString(about.sum[:]), r.issuers.sha256(about.issuer)
		rec.Method, rec.Source = from.method, from.place
		if err := emit(&rec); err != nil {
			return sum, err
		}
	}
	sum.count(answered)
	return sum, nil
}

func (s *Summary) count(answered bool) {
	if !answered {
		s.Unanswered++
	}
}
