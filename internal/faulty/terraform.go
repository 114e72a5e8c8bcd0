package faulty

import "sync"

// AsTerraform calls do for every i below n, ten at a time: Terraform's own parallelism.
func AsTerraform(n int, do func(i int)) {
	queue := make(chan int)
	var workers sync.WaitGroup
	for range 10 {
		workers.Go(func() {
			for i := range queue {
				do(i)
			}
		})
	}
	for i := range n {
		queue <- i
	}
	close(queue)
	workers.Wait()
}
