package api

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

var errDown = errors.New("down")

// hanging is a try that takes a minute and fails.
func hanging(tries *atomic.Int64) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		tries.Add(1)
		select {
		case <-time.After(time.Minute):
			return 0, errDown
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func TestFlightSharesAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f Flight[int]
		var tries atomic.Int64
		begin := time.Now()
		faulty.AsTerraform(100, func(int) {
			if _, err := f.Do(t.Context(), ToRead, hanging(&tries)); !errors.Is(err, errDown) {
				t.Errorf("got %v", err)
			}
		})
		if took := time.Since(begin); tries.Load() != 1 || took != time.Minute {
			t.Errorf("%d tries in %s, want one", tries.Load(), took)
		}
		time.Sleep(rememberFailure - time.Nanosecond)
		_, _ = f.Do(t.Context(), ToRead, hanging(&tries))
		if tries.Load() != 1 {
			t.Error("tried again although it failed a moment ago")
		}
		time.Sleep(time.Nanosecond)
		if v, err := f.Do(t.Context(), ToRead, func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
			t.Errorf("got %d, %v from a later try", v, err)
		}
		time.Sleep(time.Hour)
		if v, err := f.Do(t.Context(), ToRead, hanging(&tries)); v != 7 || err != nil {
			t.Errorf("got %d, %v, want what was found before", v, err)
		}
	})
}

func TestFlightTriesAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f Flight[int]
		var tries atomic.Int64
		for i, need := range []Need{ToRead, ToRead, ToWrite, ToWrite, ToRead, ToLook, ToLook, ToWrite} {
			_, err := f.Do(t.Context(), need, func(context.Context) (int, error) { tries.Add(1); return 0, errDown })
			if want := []int64{1, 1, 2, 2, 2, 3, 3, 3}[i]; tries.Load() != want || !errors.Is(err, errDown) {
				t.Errorf("call %d: %d tries, want %d: %v", i, tries.Load(), want, err)
			}
		}
	})
}

// The one who goes ahead is interrupted: the others have not asked for that.
func TestFlightOfOneWhoGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f Flight[int]
		var tries atomic.Int64
		interrupted, interrupt := context.WithCancel(t.Context())
		go func() {
			_, err := f.Do(interrupted, ToRead, hanging(&tries))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}()
		synctest.Wait()
		go func() {
			_, err := f.Do(interrupted, ToRead, hanging(&tries)) // waits
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}()
		var others sync.WaitGroup
		for range 5 {
			others.Go(func() {
				_, err := f.Do(t.Context(), ToRead, hanging(&tries))
				if !errors.Is(err, errDown) {
					t.Errorf("got %v", err)
				}
			})
		}
		synctest.Wait()
		interrupt()
		others.Wait()
		if tries.Load() != 2 {
			t.Errorf("%d tries, want one after that of the one who gave up", tries.Load())
		}
	})
}

func TestContact(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c Contact
		var calls atomic.Int64
		call := func(heard bool, err error) func(context.Context) (bool, error) {
			return func(context.Context) (bool, error) {
				calls.Add(1)
				time.Sleep(time.Second)
				return heard, err
			}
		}
		begin := time.Now()
		faulty.AsTerraform(10, func(int) { _ = c.Do(t.Context(), ToRead, call(false, errDown)) })
		if took := time.Since(begin); calls.Load() != 1 || took != time.Second {
			t.Errorf("%d calls in %s of a system that is down, want one", calls.Load(), took)
		}
		time.Sleep(rememberFailure)
		begin = time.Now()
		faulty.AsTerraform(10, func(int) {
			if err := c.Do(t.Context(), ToRead, call(true, errDown)); err != nil {
				t.Error(err)
			}
		})
		if took := time.Since(begin); calls.Load() != 11 || took != 2*time.Second {
			t.Errorf("%d calls in %s, want one ahead and the others side by side", calls.Load()-1, took)
		}
	})
}
