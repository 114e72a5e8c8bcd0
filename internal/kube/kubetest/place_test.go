package kubetest

import (
	"testing"
)

func TestTakePlace(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	first, firstLock, err := takePlace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, secondLock, err := takePlace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer secondLock.Close()
	if first == second {
		t.Errorf("two clusters share %s", first)
	}

	if err := firstLock.Close(); err != nil {
		t.Fatal(err)
	}
	again, againLock, err := takePlace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer againLock.Close()
	if again != first {
		t.Errorf("%s is free, but %s was taken", first, again)
	}
}
